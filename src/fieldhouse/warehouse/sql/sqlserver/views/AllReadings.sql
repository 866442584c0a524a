-- The readings and the archived ones.
CREATE OR ALTER VIEW iot.AllReadings
AS
SELECT
    r.ReadingID,
    r.ChannelID,
    r.Epoch,
    r.EntryID,
    r.CreatedAt,
    r.Field#, -- each field
    r.Latitude,
    r.Longitude,
    r.Elevation,
    r.Status,
    r.Superseded,
    r.ImportedAt,
    r.WithdrawnAt,
    r.CorrectedAt
FROM iot.SensorReadings AS r
UNION ALL
SELECT
    r.ReadingID,
    r.ChannelID,
    r.Epoch,
    r.EntryID,
    r.CreatedAt,
    r.Field#, -- each field
    r.Latitude,
    r.Longitude,
    r.Elevation,
    r.Status,
    r.Superseded,
    r.ImportedAt,
    r.WithdrawnAt,
    r.CorrectedAt
FROM iot.SensorReadings_Archive AS r;
