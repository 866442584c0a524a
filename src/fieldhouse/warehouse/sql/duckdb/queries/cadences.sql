-- cadences(channel_ids): what is known of channels that decides how often they are asked: the usual distance of
-- their readings, the newest one, when they were first and last asked, how often in a row that failed. No channel
-- ids: all channels.
WITH
newest AS (
    SELECT e.ChannelID, max(e.NewestCreatedAt) AS NewestCreatedAt FROM iot.Epochs AS e
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], e.ChannelID)
    GROUP BY e.ChannelID
),
usual AS (
    SELECT q.ChannelID, arg_max(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds FROM iot.DataQuality AS q
    WHERE
        q.CadenceSeconds IS NOT NULL
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], q.ChannelID))
    GROUP BY q.ChannelID
),
asked AS (
    SELECT
        p.ChannelID, min(p.StartedAt) AS FirstRunAt, max(p.StartedAt) AS LastRunAt,
        max(p.EndedAt) AS LastEndedAt,
        max(p.StartedAt) FILTER (p.Outcome = 'success') AS LastSuccessAt
    FROM iot.PipelineRuns AS p
    WHERE
        p.Source IS NULL
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], p.ChannelID))
    GROUP BY p.ChannelID
),
failed AS (
    SELECT p.ChannelID, count(*) AS Failures
    FROM iot.PipelineRuns AS p
    JOIN asked AS a ON a.ChannelID = p.ChannelID
    WHERE p.Source IS NULL AND p.Outcome = 'failed' AND (a.LastSuccessAt IS NULL OR p.StartedAt > a.LastSuccessAt)
    GROUP BY p.ChannelID
)
SELECT
    a.ChannelID, u.CadenceSeconds, n.NewestCreatedAt, a.FirstRunAt,
    coalesce(greatest(a.LastRunAt, a.LastEndedAt), a.LastRunAt) AS LastAskedAt, coalesce(f.Failures, 0) AS Failures
FROM asked AS a
LEFT JOIN newest AS n ON n.ChannelID = a.ChannelID
LEFT JOIN usual AS u ON u.ChannelID = a.ChannelID
LEFT JOIN failed AS f ON f.ChannelID = a.ChannelID
ORDER BY a.ChannelID;
