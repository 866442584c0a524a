-- status(as_of): one row a channel: what it holds, how far it is complete, how its last run went.
WITH
held AS (
    SELECT
        r.ChannelID, count(*) AS Readings, min(r.CreatedAt) AS FirstReading,
        max(r.CreatedAt) FILTER (
            r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
        ) AS NewestReading,
        count(*) FILTER (r.WithdrawnAt IS NOT NULL) AS Withdrawn
    FROM iot.AllReadings AS r
    GROUP BY r.ChannelID
),
newest AS (
    SELECT e.ChannelID, max(e.Epoch) AS Epoch FROM iot.Epochs AS e GROUP BY e.ChannelID
),
complete AS (
    SELECT s.ChannelID, s.Epoch, max(s.SpanEnd) AS Watermark
    FROM iot.Coverage AS s
    WHERE s.SpanStart = TIMESTAMP '0001-01-01'
    GROUP BY s.ChannelID, s.Epoch
),
absent AS (
    SELECT
        g.ChannelID, g.Epoch,
        count(*) FILTER (g.State = 'open') AS OpenGaps,
        count(*) FILTER (g.State = 'unreachable') AS Unreachable
    FROM iot.Gaps AS g
    GROUP BY g.ChannelID, g.Epoch
),
disputed AS (
    SELECT d.ChannelID, count(*) AS Disputed FROM iot.Disputes AS d
    WHERE d.State = 'open'
    GROUP BY d.ChannelID
),
last_run AS (
    SELECT p.* FROM iot.PipelineRuns AS p
    QUALIFY row_number() OVER (PARTITION BY p.ChannelID ORDER BY p.StartedAt DESC, p.RunID DESC) = 1
),
judged AS (
    SELECT q.* FROM iot.DataQuality AS q
    WHERE q.CheckDate <= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
    QUALIFY row_number() OVER (PARTITION BY q.ChannelID ORDER BY q.CheckDate DESC) = 1
)
SELECT
    c.ChannelID, c.ChannelName, coalesce(h.Readings, 0) AS Readings, coalesce(n.Epoch, 0) AS Epochs,
    h.FirstReading, h.NewestReading, w.Watermark,
    coalesce(g.OpenGaps, 0) AS OpenGaps, coalesce(g.Unreachable, 0) AS Unreachable,
    coalesce(h.Withdrawn, 0) AS Withdrawn, coalesce(d.Disputed, 0) AS Disputed,
    coalesce(p.EndedAt, p.StartedAt) AS LastRunAt, p.Outcome AS LastOutcome,
    q.CheckDate AS ScoredOn, q.QualityScore
FROM iot.Channels AS c
LEFT JOIN held AS h ON h.ChannelID = c.ChannelID
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
LEFT JOIN complete AS w ON w.ChannelID = n.ChannelID AND w.Epoch = n.Epoch
LEFT JOIN absent AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
LEFT JOIN disputed AS d ON d.ChannelID = c.ChannelID
LEFT JOIN last_run AS p ON p.ChannelID = c.ChannelID
LEFT JOIN judged AS q ON q.ChannelID = c.ChannelID
ORDER BY c.ChannelID;
