-- overview(channel_ids, as_of): what is to be said of each channel at a glance, without counting its readings; NULL is
-- all. NewestReading is the newest of a life that a load has kept; only where that is dated into the future its
-- readings are looked through. SilentSince is as in status.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
lived AS (
    SELECT
        e.ChannelID, count() AS Epochs, min(e.FirstCreatedAt) AS FirstReading, max(e.LastCreatedAt) AS LastReading
    FROM iot.Epochs AS e
    GROUP BY e.ChannelID
),
ahead AS (
    SELECT l.ChannelID FROM lived AS l WHERE l.LastReading >= instant
),
found AS (
    SELECT r.ChannelID, max(r.CreatedAt) AS NewestReading
    FROM iot.AllReadings AS r
    WHERE r.ChannelID IN (SELECT a.ChannelID FROM ahead AS a) AND r.CreatedAt < instant
    GROUP BY r.ChannelID
),
newest AS (
    SELECT
        l.ChannelID, l.Epochs, l.FirstReading,
        if(l.LastReading >= instant, f.NewestReading, l.LastReading) AS NewestReading
    FROM lived AS l
    LEFT JOIN found AS f ON f.ChannelID = l.ChannelID
),
last_run AS (
    SELECT p.ChannelID, coalesce(p.EndedAt, p.StartedAt) AS LastRunAt, p.Outcome, p.Error
    FROM iot.PipelineRuns AS p
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
        q.ChannelID, max(q.CheckDate) AS ScoredOn, argMax(q.QualityScore, q.CheckDate) AS QualityScore,
        argMax(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds
    FROM iot.DataQuality AS q
    WHERE q.CheckDate <= instant
    GROUP BY q.ChannelID
)
SELECT
    c.ChannelID AS ChannelID, c.ChannelName, c.Description, c.Latitude, c.Longitude, c.Elevation,
    c.Field#Name, -- each field
    c.CreatedAt, c.IsActive, c.PausedAt, coalesce(n.Epochs, 0) AS Epochs, n.FirstReading, n.NewestReading,
    j.CadenceSeconds,
    CASE
        WHEN n.NewestReading + toIntervalMicrosecond(toInt64(greatest(3 * j.CadenceSeconds, 600) * 1000000)) < s.EndedAt
            THEN n.NewestReading
    END AS SilentSince,
    s.EndedAt AS LastSuccessAt, p.LastRunAt, p.Outcome AS LastOutcome, p.Error AS LastError,
    j.ScoredOn, j.QualityScore AS QualityScore
FROM iot.Channels AS c
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
LEFT JOIN last_run AS p ON p.ChannelID = c.ChannelID
LEFT JOIN last_success AS s ON s.ChannelID = c.ChannelID
LEFT JOIN judged AS j ON j.ChannelID = c.ChannelID
WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, c.ChannelID)
ORDER BY c.ChannelID;
