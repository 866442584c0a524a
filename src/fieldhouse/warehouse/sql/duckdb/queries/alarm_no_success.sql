-- alarm_no_success(channel_ids, as_of, seconds): channels without a successful run for so long, since when, and the
-- seconds since. One that never had one counts from its first run, as long as it is tried.
WITH
tried AS (
    SELECT
        p.ChannelID, min(p.StartedAt) AS FirstAt, max(p.StartedAt) AS LastAt,
        max(coalesce(p.EndedAt, p.StartedAt)) FILTER (p.Outcome = 'success') AS SuccessAt
    FROM iot.PipelineRuns AS p
    WHERE
        p.StartedAt <= $as_of::TIMESTAMP AND p.Source IS NULL
        AND list_contains($channel_ids::BIGINT[], p.ChannelID)
    GROUP BY p.ChannelID
),
waited AS (
    SELECT t.ChannelID, coalesce(t.SuccessAt, t.FirstAt) AS SinceAt FROM tried AS t
    WHERE
        t.SuccessAt IS NOT NULL
        OR t.LastAt >= $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT)
)
SELECT
    w.ChannelID, 0::INTEGER AS FieldNumber, w.SinceAt,
    epoch_us($as_of::TIMESTAMP - w.SinceAt) / 1e6 AS Figure
FROM waited AS w
WHERE w.SinceAt <= $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT)
ORDER BY w.ChannelID;
