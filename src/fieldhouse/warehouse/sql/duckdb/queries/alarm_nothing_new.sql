-- alarm_nothing_new(channel_ids, as_of, runs, distances): channels of which so many runs in a row brought nothing, for
-- so many of their usual distances at least; since when, and how many runs. A row of quiet runs stands for several.
WITH
ran AS (
    SELECT
        p.ChannelID, p.StartedAt, coalesce(p.EndedAt, p.StartedAt) AS EndedAt, p.Inserted,
        CASE WHEN p.Outcome = 'success' THEN p.RequestsNeeded ELSE 1 END AS Runs
    FROM iot.PipelineRuns AS p
    WHERE
        p.Source IS NULL AND list_contains($channel_ids::BIGINT[], p.ChannelID)
        AND p.StartedAt >= $as_of::TIMESTAMP - INTERVAL 30 DAY AND p.StartedAt <= $as_of::TIMESTAMP
),
brought AS (
    SELECT r.ChannelID, max(r.StartedAt) AS StartedAt FROM ran AS r
    WHERE r.Inserted > 0
    GROUP BY r.ChannelID
),
idle AS (
    SELECT r.ChannelID, min(r.StartedAt) AS SinceAt, max(r.EndedAt) AS UntilAt, sum(r.Runs) AS Runs
    FROM ran AS r
    LEFT JOIN brought AS b ON b.ChannelID = r.ChannelID
    WHERE b.StartedAt IS NULL OR r.StartedAt > b.StartedAt
    GROUP BY r.ChannelID
    HAVING sum(r.Runs) >= $runs
),
newest AS (
    SELECT e.ChannelID, max(e.LastCreatedAt) AS CreatedAt FROM iot.Epochs AS e
    WHERE e.LastCreatedAt <= $as_of::TIMESTAMP
    GROUP BY e.ChannelID
),
usual AS (
    SELECT q.ChannelID, arg_max(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds FROM iot.DataQuality AS q
    WHERE q.CheckDate <= $as_of::TIMESTAMP AND q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
)
SELECT i.ChannelID, 0::INTEGER AS FieldNumber, i.SinceAt, i.Runs::DOUBLE AS Figure
FROM idle AS i
LEFT JOIN newest AS n ON n.ChannelID = i.ChannelID
LEFT JOIN usual AS u ON u.ChannelID = i.ChannelID
WHERE
    n.CreatedAt IS NULL OR u.CadenceSeconds IS NULL
    OR epoch_us(i.UntilAt - n.CreatedAt) / 1e6 >= $distances * u.CadenceSeconds
ORDER BY i.ChannelID;
