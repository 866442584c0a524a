-- status(as_of, channel_ids): one row a channel: what it holds, how far it is complete, how fresh it is, how its last
-- run went; NULL is all. A channel that was never more than tried has its row, too. SilentSince: its newest reading,
-- where three of its usual distances, ten minutes at the least, had passed when it was last read; PastRead: the share
-- of its entries that is there, as long as its past is not complete.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
known AS (
    SELECT c.ChannelID FROM iot.Channels AS c
    UNION DISTINCT
    SELECT p.ChannelID FROM iot.PipelineRuns AS p
),
newest AS (
    SELECT e.ChannelID, e.Epoch, coalesce(e.LastEntryID, e.HighestEntryID) AS LastEntryID
    FROM iot.Epochs AS e
    ORDER BY e.Epoch DESC
    LIMIT 1 BY e.ChannelID
),
held AS (
    SELECT
        r.ChannelID, count() AS Readings, min(r.CreatedAt) AS FirstReading,
        maxOrNullIf(r.CreatedAt, r.CreatedAt < instant) AS NewestReading,
        countIf(r.WithdrawnAt IS NOT NULL) AS Withdrawn,
        countIf(r.Epoch = n.Epoch) AS OfNewest
    FROM iot.AllReadings AS r
    LEFT JOIN newest AS n ON n.ChannelID = r.ChannelID
    WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, r.ChannelID)
    GROUP BY r.ChannelID
),
complete AS (
    SELECT
        s.ChannelID, s.Epoch,
        maxOrNullIf(s.SpanEnd, s.SpanStart = toDateTime64('0001-01-01 00:00:00', 6, 'UTC')) AS Watermark,
        max(s.SpanEnd) AS CoveredTo
    FROM iot.Coverage AS s
    GROUP BY s.ChannelID, s.Epoch
),
absent AS (
    SELECT
        g.ChannelID, g.Epoch, countIf(g.State = 'open') AS OpenGaps, countIf(g.State = 'unreachable') AS Unreachable
    FROM iot.Gaps AS g
    GROUP BY g.ChannelID, g.Epoch
),
disputed AS (
    SELECT d.ChannelID, count() AS Disputed FROM iot.Disputes AS d
    WHERE d.State = 'open'
    GROUP BY d.ChannelID
),
last_run AS (
    SELECT p.* FROM iot.PipelineRuns AS p
    ORDER BY p.StartedAt DESC, p.RunID DESC
    LIMIT 1 BY p.ChannelID
),
last_success AS (
    SELECT p.ChannelID, max(coalesce(p.EndedAt, p.StartedAt)) AS EndedAt
    FROM iot.PipelineRuns AS p
    WHERE p.Outcome = 'success'
    GROUP BY p.ChannelID
),
judged AS (
    SELECT
        q.ChannelID, max(q.CheckDate) AS CheckDate, argMax(q.QualityScore, q.CheckDate) AS QualityScore,
        argMax(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds
    FROM iot.DataQuality AS q
    WHERE q.CheckDate <= instant
    GROUP BY q.ChannelID
)
SELECT
    i.ChannelID AS ChannelID, c.ChannelName, coalesce(c.IsActive, TRUE) AS IsActive, c.PausedAt,
    coalesce(h.Readings, 0) AS Readings, coalesce(n.Epoch, 0) AS Epochs,
    h.FirstReading, h.NewestReading, w.Watermark,
    CASE
        WHEN w.CoveredTo > coalesce(w.Watermark, toDateTime64('0001-01-01 00:00:00', 6, 'UTC'))
            THEN least(coalesce(h.OfNewest, 0) / greatest(n.LastEntryID, 1), 1)
    END AS PastRead,
    coalesce(g.OpenGaps, 0) AS OpenGaps, coalesce(g.Unreachable, 0) AS Unreachable,
    coalesce(h.Withdrawn, 0) AS Withdrawn, coalesce(d.Disputed, 0) AS Disputed,
    q.CadenceSeconds,
    CASE
        WHEN h.NewestReading + toIntervalMicrosecond(toInt64(greatest(3 * q.CadenceSeconds, 600) * 1000000)) < s.EndedAt
            THEN h.NewestReading
    END AS SilentSince,
    s.EndedAt AS LastSuccessAt, coalesce(p.EndedAt, p.StartedAt) AS LastRunAt, p.Outcome AS LastOutcome,
    p.Error AS LastError, q.CheckDate AS ScoredOn, q.QualityScore AS QualityScore
FROM known AS i
LEFT JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
LEFT JOIN held AS h ON h.ChannelID = i.ChannelID
LEFT JOIN newest AS n ON n.ChannelID = i.ChannelID
LEFT JOIN complete AS w ON w.ChannelID = n.ChannelID AND w.Epoch = n.Epoch
LEFT JOIN absent AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
LEFT JOIN disputed AS d ON d.ChannelID = i.ChannelID
LEFT JOIN last_success AS s ON s.ChannelID = i.ChannelID
LEFT JOIN last_run AS p ON p.ChannelID = i.ChannelID
LEFT JOIN judged AS q ON q.ChannelID = i.ChannelID
WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, i.ChannelID)
ORDER BY i.ChannelID;
