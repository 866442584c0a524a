-- The readings that count, as iot.CurrentReadings has them, archived ones among them.
CREATE OR REPLACE VIEW iot.CountedReadings AS
SELECT
    r.ReadingID, r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt,
    r.Field#, -- each field
    r.Latitude, r.Longitude, r.Elevation, r.Status, r.Superseded, r.ImportedAt, r.WithdrawnAt, r.CorrectedAt,
    r.CreatedAt AS OriginalAt
FROM iot.AllReadings AS r
WHERE NOT r.Superseded AND r.WithdrawnAt IS NULL AND r.CorrectedAt IS NULL
UNION ALL
SELECT
    c.ReadingID, c.ChannelID, c.Epoch, c.EntryID, c.CreatedAt,
    c.Field#, -- each field
    c.Latitude, c.Longitude, c.Elevation, c.Status, FALSE, c.ImportedAt, NULL::TIMESTAMP, c.CorrectedAt,
    c.OriginalAt
FROM iot.CorrectedReadings AS c;
