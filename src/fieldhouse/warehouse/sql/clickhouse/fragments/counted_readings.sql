-- SELECT, FROM, WHERE: the readings that count: those that no rule changes, and those that one does as it leaves them
-- (Kind 11). One pass over both: every statement that reads them is planned in half the time of a UNION.
SELECT
    assumeNotNull(r.ReadingID) AS ReadingID, r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID,
    r.CreatedAt AS CreatedAt,
    r.Field# AS Field#, -- each field
    r.Latitude AS Latitude, r.Longitude AS Longitude, r.Elevation AS Elevation, r.Status AS Status, FALSE AS Superseded,
    assumeNotNull(r.ImportedAt) AS ImportedAt, CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))') AS WithdrawnAt,
    if(r.Kind = 11, r.CorrectedAt, NULL) AS CorrectedAt,
    if(r.Kind = 11, assumeNotNull(r.OriginalAt), r.CreatedAt) AS OriginalAt
FROM iot.Rows AS r FINAL
WHERE
    r.Kind IN (1, 11) AND NOT r.Deleted
    AND (
        r.Kind = 11
        OR (
            NOT ifNull(r.Superseded, FALSE)
            AND nullIf(r.WithdrawnAt, toDateTime64(0, 6, 'UTC')) IS NULL
            AND nullIf(r.CorrectedAt, toDateTime64(0, 6, 'UTC')) IS NULL
        )
    )
