-- The readings that count: all but those that a newer epoch has superseded or that their source no longer has.
CREATE OR ALTER VIEW iot.CurrentReadings
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
    r.WithdrawnAt
FROM iot.SensorReadings AS r
WHERE r.Superseded = 0 AND r.WithdrawnAt IS NULL;
