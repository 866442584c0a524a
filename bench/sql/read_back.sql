-- What came of a bulk copy, in the order in which it came.
SELECT
    ChannelID,
    EntryID,
    CreatedAt,
    Field1,
    Field2,
    Field3,
    Field4,
    Field5,
    Field6,
    Field7,
    Field8,
    Latitude,
    Longitude,
    Elevation,
    Status
FROM seed.SensorReadings
ORDER BY ReadingID;
