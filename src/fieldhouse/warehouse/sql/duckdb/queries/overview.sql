-- overview(channel_ids, as_of): what is to be said of each channel at a glance, without counting its readings; NULL is
-- all. NewestReading is the newest of a life that a load has kept; only where that is dated into the future its
-- readings are looked through. SilentSince is as in status.
WITH
chosen AS (
    SELECT c.* FROM iot.Channels AS c
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], c.ChannelID)
),
lived AS (
    SELECT
        e.ChannelID, count(*)::INTEGER AS Epochs, min(e.FirstCreatedAt) AS FirstReading,
        max(e.LastCreatedAt) AS LastReading
    FROM iot.Epochs AS e
    GROUP BY e.ChannelID
),
ahead AS (
    SELECT l.ChannelID FROM lived AS l
    WHERE l.LastReading >= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
),
found AS (
    SELECT r.ChannelID, max(r.CreatedAt) AS NewestReading
    FROM iot.AllReadings AS r
    JOIN ahead AS a ON a.ChannelID = r.ChannelID
    WHERE r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
    GROUP BY r.ChannelID
),
newest AS (
    SELECT
        l.ChannelID, l.Epochs, l.FirstReading,
        CASE WHEN a.ChannelID IS NULL THEN l.LastReading ELSE f.NewestReading END AS NewestReading
    FROM lived AS l
    LEFT JOIN ahead AS a ON a.ChannelID = l.ChannelID
    LEFT JOIN found AS f ON f.ChannelID = l.ChannelID
),
last_run AS (
    SELECT p.ChannelID, coalesce(p.EndedAt, p.StartedAt) AS LastRunAt, p.Outcome, p.Error
    FROM iot.PipelineRuns AS p
    QUALIFY row_number() OVER (PARTITION BY p.ChannelID ORDER BY p.StartedAt DESC, p.RunID DESC) = 1
),
last_success AS (
    SELECT p.ChannelID, max(coalesce(p.EndedAt, p.StartedAt)) AS EndedAt
    FROM iot.PipelineRuns AS p
    WHERE p.Outcome = 'success'
    GROUP BY p.ChannelID
),
judged AS (
    SELECT
        q.ChannelID, max(q.CheckDate) AS ScoredOn, arg_max(q.QualityScore, q.CheckDate) AS QualityScore,
        arg_max(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds
    FROM iot.DataQuality AS q
    WHERE q.CheckDate <= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
    GROUP BY q.ChannelID
)
SELECT
    c.ChannelID, c.ChannelName, c.Description, c.Latitude, c.Longitude, c.Elevation,
    c.Field1Name, c.Field2Name, c.Field3Name, c.Field4Name, c.Field5Name, c.Field6Name, c.Field7Name, c.Field8Name,
    c.CreatedAt, c.IsActive, c.PausedAt, coalesce(n.Epochs, 0) AS Epochs, n.FirstReading, n.NewestReading,
    j.CadenceSeconds,
    CASE
        WHEN n.NewestReading + to_seconds(greatest(3 * j.CadenceSeconds, 600)) < s.EndedAt THEN n.NewestReading
    END AS SilentSince,
    s.EndedAt AS LastSuccessAt, p.LastRunAt, p.Outcome AS LastOutcome, p.Error AS LastError,
    j.ScoredOn, j.QualityScore
FROM chosen AS c
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
LEFT JOIN last_run AS p ON p.ChannelID = c.ChannelID
LEFT JOIN last_success AS s ON s.ChannelID = c.ChannelID
LEFT JOIN judged AS j ON j.ChannelID = c.ChannelID
ORDER BY c.ChannelID;
