-- The readings that count, as the rules of iot.Corrections leave them: all but those that a newer epoch has
-- superseded, that their source no longer has, or that a rule excludes.
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
    r.WithdrawnAt,
    r.CorrectedAt,
    r.CreatedAt AS OriginalAt
FROM iot.SensorReadings AS r
WHERE r.Superseded = 0 AND r.WithdrawnAt IS NULL AND r.CorrectedAt IS NULL
UNION ALL
SELECT
    c.ReadingID,
    c.ChannelID,
    c.Epoch,
    c.EntryID,
    c.CreatedAt,
    c.Field#, -- each field
    c.Latitude,
    c.Longitude,
    c.Elevation,
    c.Status,
    CAST(0 AS BIT),
    c.ImportedAt,
    CAST(NULL AS DATETIME2(6)),
    c.CorrectedAt,
    c.OriginalAt
FROM iot.CorrectedReadings AS c
WHERE c.IsArchived = 0;
