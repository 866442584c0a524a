-- The readings that the rules of iot.Corrections change and that count, as the rules leave them.
CREATE OR REPLACE VIEW iot.CorrectedReadings AS
SELECT
    assumeNotNull(r.ReadingID) AS ReadingID, r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID,
    r.CreatedAt AS CreatedAt, assumeNotNull(r.OriginalAt) AS OriginalAt,
    r.Field# AS Field#, -- each field
    r.State AS ChangedFields,
    r.Latitude AS Latitude, r.Longitude AS Longitude, r.Elevation AS Elevation, r.Status AS Status,
    assumeNotNull(r.ImportedAt) AS ImportedAt, assumeNotNull(r.CorrectedAt) AS CorrectedAt,
    arrayExists(
        c -> OriginalAt < c.1 AND ImportedAt <= c.2,
        (SELECT groupArray((k.CutBefore, k.CutAt)) FROM iot.ArchiveCuts AS k)
    ) AS IsArchived
FROM iot.Rows AS r FINAL
WHERE r.Kind = 11 AND NOT r.Deleted;
