-- alarm_no_success(channel_ids, as_of, seconds): channels without a successful run for so long, since when, and the
-- seconds since. One that never had one counts from its first run, as long as it is tried.
WITH
{as_of:DateTime64(6, 'UTC')} - toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000)) AS limit_at,
tried AS (
    SELECT
        p.ChannelID AS ChannelID, min(p.StartedAt) AS FirstAt, max(p.StartedAt) AS LastAt,
        maxOrNullIf(coalesce(p.EndedAt, p.StartedAt), p.Outcome = 'success') AS SuccessAt
    FROM iot.PipelineRuns AS p
    WHERE
        p.StartedAt <= {as_of:DateTime64(6, 'UTC')} AND p.Source IS NULL
        AND p.ChannelID IN {channel_ids:Array(Int64)}
    GROUP BY p.ChannelID
),
waited AS (
    SELECT t.ChannelID AS ChannelID, coalesce(t.SuccessAt, t.FirstAt) AS SinceAt FROM tried AS t
    WHERE t.SuccessAt IS NOT NULL OR t.LastAt >= limit_at
)
SELECT
    w.ChannelID AS ChannelID, 0 AS FieldNumber, w.SinceAt AS SinceAt,
    dateDiff('microsecond', w.SinceAt, {as_of:DateTime64(6, 'UTC')}) / 1000000 AS Figure
FROM waited AS w
WHERE w.SinceAt <= limit_at
ORDER BY w.ChannelID;
