-- readings(channel_id, start_at, end_at, original): the readings that count, archived ones too, in the order of
-- time; NULL is open. As corrected, or as their source sent them.
SELECT r.* EXCLUDE (CorrectedAt)
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = $channel_id AND NOT r.Superseded AND r.WithdrawnAt IS NULL
    AND (r.CorrectedAt IS NULL OR $original)
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
UNION ALL BY NAME
SELECT
    c.* EXCLUDE (OriginalAt, ChangedFields, CorrectedAt, IsArchived),
    FALSE AS Superseded, NULL::TIMESTAMP AS WithdrawnAt
FROM iot.CorrectedReadings AS c
WHERE
    c.ChannelID = $channel_id AND NOT $original
    AND ($start_at::TIMESTAMP IS NULL OR c.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR c.CreatedAt < $end_at::TIMESTAMP)
ORDER BY CreatedAt, Epoch, EntryID;
