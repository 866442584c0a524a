-- A reading's columns but for its own number, as migration 0001 made them: never to be edited.
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL,
    Field# DECIMAL(18, 6), -- each field
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation DECIMAL(18, 6),
    Status NVARCHAR(MAX),
    Superseded BIT NOT NULL,
    ImportedAt DATETIME2(6) NOT NULL,
