-- cadences(channel_ids): what is known of channels that decides how often they are asked: the usual distance of
-- their readings, the newest one, when they were first and last asked, how often in a row that failed. No channel
-- ids: all channels.
WITH
asked AS (
    SELECT
        p.ChannelID AS ChannelID, min(p.StartedAt) AS FirstRunAt, max(coalesce(p.EndedAt, p.StartedAt)) AS LastAskedAt,
        maxOrNullIf(p.StartedAt, p.Outcome = 'success') AS LastSuccessAt
    FROM iot.PipelineRuns AS p
    WHERE
        p.Source IS NULL
        AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, p.ChannelID))
    GROUP BY p.ChannelID
),
failed AS (
    SELECT p.ChannelID AS ChannelID, count() AS Failures
    FROM iot.PipelineRuns AS p
    INNER JOIN asked AS a ON a.ChannelID = p.ChannelID
    WHERE p.Source IS NULL AND p.Outcome = 'failed' AND (a.LastSuccessAt IS NULL OR p.StartedAt > a.LastSuccessAt)
    GROUP BY p.ChannelID
),
newest AS (
    SELECT e.ChannelID AS ChannelID, maxOrNull(e.NewestCreatedAt) AS NewestCreatedAt
    FROM iot.Epochs AS e
    GROUP BY e.ChannelID
),
usual AS (
    SELECT q.ChannelID AS ChannelID, argMax(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds
    FROM iot.DataQuality AS q
    WHERE q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
)
SELECT
    a.ChannelID AS ChannelID, u.CadenceSeconds AS CadenceSeconds, n.NewestCreatedAt AS NewestCreatedAt,
    a.FirstRunAt AS FirstRunAt, a.LastAskedAt AS LastAskedAt, coalesce(f.Failures, 0) AS Failures
FROM asked AS a
LEFT JOIN newest AS n ON n.ChannelID = a.ChannelID
LEFT JOIN usual AS u ON u.ChannelID = a.ChannelID
LEFT JOIN failed AS f ON f.ChannelID = a.ChannelID
ORDER BY a.ChannelID;
