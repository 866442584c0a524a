-- Readings that are not held.
INSERT INTO iot.SensorReadings (
    ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status
)
SELECT
    ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status
FROM offered;
