-- alarm_anomalies(channel_ids, as_of, seconds): fields in which something is unusual, or was in the last while: the
-- strongest of each, since when, its score, and what it is held against. Not what is young, nor a silence, nor what a
-- person called ok.
SELECT
    a.ChannelID, a.FieldNumber, a.StartedAt AS SinceAt, a.Score AS Figure, a.Kind, a.EndedAt, a.Hits, a.Jumps,
    a.PeakAt, a.Value, a.Expected, a.Spread, a.Least, a.Greatest
FROM iot.Anomalies AS a
WHERE
    list_contains($channel_ids::BIGINT[], a.ChannelID)
    AND a.Family <> 'SILENCE' AND NOT a.IsYoung AND coalesce(a.IsReal, TRUE)
    AND a.EndedAt > $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT) AND a.StartedAt <= $as_of::TIMESTAMP
QUALIFY row_number() OVER (PARTITION BY a.ChannelID, a.FieldNumber ORDER BY a.Score DESC, a.StartedAt) = 1
ORDER BY a.ChannelID, a.FieldNumber;
