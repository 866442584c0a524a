-- alarm_nothing_new(channel_ids, as_of, runs, distances): channels of which so many runs in a row brought nothing, for
-- so many of their usual distances at least; since when, and how many runs. A row of quiet runs stands for several.
WITH
ran AS (
    SELECT
        p.ChannelID AS ChannelID, p.StartedAt AS StartedAt, coalesce(p.EndedAt, p.StartedAt) AS EndedAt,
        p.Inserted AS Inserted, if(p.Outcome = 'success', p.RequestsNeeded, 1) AS Runs
    FROM iot.PipelineRuns AS p
    WHERE
        p.Source IS NULL AND p.ChannelID IN {channel_ids:Array(Int64)}
        AND p.StartedAt >= {as_of:DateTime64(6, 'UTC')} - INTERVAL 30 DAY
        AND p.StartedAt <= {as_of:DateTime64(6, 'UTC')}
),
brought AS (
    SELECT r.ChannelID AS ChannelID, max(r.StartedAt) AS StartedAt FROM ran AS r
    WHERE r.Inserted > 0
    GROUP BY r.ChannelID
),
idle AS (
    SELECT r.ChannelID AS ChannelID, min(r.StartedAt) AS SinceAt, max(r.EndedAt) AS UntilAt, sum(r.Runs) AS IdleRuns
    FROM ran AS r
    LEFT JOIN brought AS b ON b.ChannelID = r.ChannelID
    WHERE b.StartedAt IS NULL OR r.StartedAt > b.StartedAt
    GROUP BY r.ChannelID
    HAVING sum(r.Runs) >= {runs:Int64}
),
newest AS (
    SELECT e.ChannelID AS ChannelID, max(e.LastCreatedAt) AS CreatedAt FROM iot.Epochs AS e
    WHERE e.LastCreatedAt <= {as_of:DateTime64(6, 'UTC')}
    GROUP BY e.ChannelID
),
usual AS (
    SELECT q.ChannelID AS ChannelID, argMax(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds FROM iot.DataQuality AS q
    WHERE q.CheckDate <= {as_of:DateTime64(6, 'UTC')} AND q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
)
SELECT i.ChannelID AS ChannelID, 0 AS FieldNumber, i.SinceAt AS SinceAt, toFloat64(i.IdleRuns) AS Figure
FROM idle AS i
LEFT JOIN newest AS n ON n.ChannelID = i.ChannelID
LEFT JOIN usual AS u ON u.ChannelID = i.ChannelID
WHERE
    n.CreatedAt IS NULL OR u.CadenceSeconds IS NULL
    OR dateDiff('microsecond', n.CreatedAt, i.UntilAt) / 1000000 >= {distances:Float64} * u.CadenceSeconds
ORDER BY i.ChannelID;
