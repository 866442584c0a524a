-- The archive: readings that no analysis asks for any more, as they stood in SensorReadings.
CREATE TABLE iot.SensorReadings_Archive (
    ReadingID BIGINT NOT NULL,
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt TIMESTAMP NOT NULL,
    Field1 DECIMAL(18, 6),
    Field2 DECIMAL(18, 6),
    Field3 DECIMAL(18, 6),
    Field4 DECIMAL(18, 6),
    Field5 DECIMAL(18, 6),
    Field6 DECIMAL(18, 6),
    Field7 DECIMAL(18, 6),
    Field8 DECIMAL(18, 6),
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation DECIMAL(18, 6),
    Status VARCHAR,
    Superseded BOOLEAN NOT NULL,
    ImportedAt TIMESTAMP NOT NULL
);
