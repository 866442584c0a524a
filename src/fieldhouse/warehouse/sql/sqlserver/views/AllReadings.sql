-- The readings and the archived ones.
CREATE OR ALTER VIEW iot.AllReadings
AS
SELECT
    r.ReadingID,
    r.ChannelID,
    r.Epoch,
    r.EntryID,
    r.CreatedAt,
    r.Field1,
    r.Field2,
    r.Field3,
    r.Field4,
    r.Field5,
    r.Field6,
    r.Field7,
    r.Field8,
    r.Latitude,
    r.Longitude,
    r.Elevation,
    r.Status,
    r.Superseded,
    r.ImportedAt,
    r.WithdrawnAt
FROM iot.SensorReadings AS r
UNION ALL
SELECT
    r.ReadingID,
    r.ChannelID,
    r.Epoch,
    r.EntryID,
    r.CreatedAt,
    r.Field1,
    r.Field2,
    r.Field3,
    r.Field4,
    r.Field5,
    r.Field6,
    r.Field7,
    r.Field8,
    r.Latitude,
    r.Longitude,
    r.Elevation,
    r.Status,
    r.Superseded,
    r.ImportedAt,
    r.WithdrawnAt
FROM iot.SensorReadings_Archive AS r;
