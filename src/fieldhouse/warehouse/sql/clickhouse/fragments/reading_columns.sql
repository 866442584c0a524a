-- SELECT: the columns of a reading.
    ReadingID, ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status, Superseded, ImportedAt, WithdrawnAt, CorrectedAt
