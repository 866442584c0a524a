-- All readings that are held, the archived ones among them; the columns of SensorReadings, as their source sent them.
CREATE OR REPLACE VIEW iot.AllReadings AS
SELECT
    ReadingID, ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status, Superseded, ImportedAt, WithdrawnAt, CorrectedAt
FROM iot.SensorReadings
UNION ALL
SELECT
    ReadingID, ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status, Superseded, ImportedAt, WithdrawnAt, CorrectedAt
FROM iot.SensorReadings_Archive;
