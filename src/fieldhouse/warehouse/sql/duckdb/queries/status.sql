-- status(as_of, channel_ids): one row a channel: what it holds, how far it is complete, how fresh it is, how its last
-- run went; NULL is all. A channel that was never more than tried has its row, too. SilentSince: its newest reading,
-- where three of its usual distances, ten minutes at the least, had passed when it was last read; PastRead: the share
-- of its entries that is there, as long as its past is not complete.
WITH
known AS (
    SELECT k.ChannelID
    FROM (
        SELECT c.ChannelID FROM iot.Channels AS c
        UNION
        SELECT p.ChannelID FROM iot.PipelineRuns AS p
    ) AS k
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], k.ChannelID)
),
newest AS (
    SELECT e.ChannelID, e.Epoch, coalesce(e.LastEntryID, e.HighestEntryID) AS LastEntryID
    FROM iot.Epochs AS e
    QUALIFY row_number() OVER (PARTITION BY e.ChannelID ORDER BY e.Epoch DESC) = 1
),
held AS (
    SELECT
        r.ChannelID, count(*) AS Readings, min(r.CreatedAt) AS FirstReading,
        max(r.CreatedAt) FILTER (
            r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
        ) AS NewestReading,
        count(*) FILTER (r.WithdrawnAt IS NOT NULL) AS Withdrawn,
        count(*) FILTER (r.Epoch = n.Epoch) AS OfNewest
    FROM iot.AllReadings AS r
    LEFT JOIN newest AS n ON n.ChannelID = r.ChannelID
    WHERE
        $channel_ids::BIGINT[] IS NULL
        OR r.ChannelID BETWEEN list_min($channel_ids::BIGINT[]) AND list_max($channel_ids::BIGINT[])
    GROUP BY r.ChannelID
),
complete AS (
    SELECT
        s.ChannelID, s.Epoch, max(s.SpanEnd) FILTER (s.SpanStart = TIMESTAMP '0001-01-01') AS Watermark,
        max(s.SpanEnd) AS CoveredTo
    FROM iot.Coverage AS s
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
last_success AS (
    SELECT p.ChannelID, max(coalesce(p.EndedAt, p.StartedAt)) AS EndedAt
    FROM iot.PipelineRuns AS p
    WHERE p.Outcome = 'success'
    GROUP BY p.ChannelID
),
judged AS (
    SELECT q.* FROM iot.DataQuality AS q
    WHERE q.CheckDate <= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
    QUALIFY row_number() OVER (PARTITION BY q.ChannelID ORDER BY q.CheckDate DESC) = 1
),
usual AS (
    SELECT q.ChannelID, arg_max(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds
    FROM iot.DataQuality AS q
    WHERE
        q.CheckDate <= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
        AND q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
)
SELECT
    i.ChannelID, c.ChannelName, coalesce(c.IsActive, TRUE) AS IsActive, c.PausedAt,
    coalesce(h.Readings, 0) AS Readings, coalesce(n.Epoch, 0) AS Epochs,
    h.FirstReading, h.NewestReading, w.Watermark,
    CASE
        WHEN w.CoveredTo > coalesce(w.Watermark, TIMESTAMP '0001-01-01')
            THEN least(coalesce(h.OfNewest, 0)::DOUBLE / greatest(n.LastEntryID, 1), 1)
    END AS PastRead,
    coalesce(g.OpenGaps, 0) AS OpenGaps, coalesce(g.Unreachable, 0) AS Unreachable,
    coalesce(h.Withdrawn, 0) AS Withdrawn, coalesce(d.Disputed, 0) AS Disputed,
    u.CadenceSeconds,
    CASE
        WHEN h.NewestReading + to_seconds(greatest(3 * u.CadenceSeconds, 600)) < s.EndedAt THEN h.NewestReading
    END AS SilentSince,
    s.EndedAt AS LastSuccessAt, coalesce(p.EndedAt, p.StartedAt) AS LastRunAt, p.Outcome AS LastOutcome,
    p.Error AS LastError, q.CheckDate AS ScoredOn, q.QualityScore
FROM known AS i
LEFT JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
LEFT JOIN held AS h ON h.ChannelID = i.ChannelID
LEFT JOIN newest AS n ON n.ChannelID = i.ChannelID
LEFT JOIN complete AS w ON w.ChannelID = n.ChannelID AND w.Epoch = n.Epoch
LEFT JOIN absent AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
LEFT JOIN disputed AS d ON d.ChannelID = i.ChannelID
LEFT JOIN usual AS u ON u.ChannelID = i.ChannelID
LEFT JOIN last_success AS s ON s.ChannelID = i.ChannelID
LEFT JOIN last_run AS p ON p.ChannelID = i.ChannelID
LEFT JOIN judged AS q ON q.ChannelID = i.ChannelID
ORDER BY i.ChannelID;
