-- alarm_silent(channel_ids, as_of, distances, seconds): channels that report later than is usual for them; since when,
-- and the seconds since. Later than so many of its usual distances, than so many seconds, and than one and a half
-- times the pause, in whole hours, that nine of ten of its days do not exceed (nights, weekends), seen from its last
-- successful run: what cannot be asked is not silent.
WITH
lived AS (
    SELECT e.ChannelID, max(e.LastCreatedAt) AS LastReading FROM iot.Epochs AS e
    WHERE list_contains($channel_ids::BIGINT[], e.ChannelID)
    GROUP BY e.ChannelID
),
found AS (
    -- only where the newest reading is dated into the future, readings are looked through
    SELECT r.ChannelID, max(r.CreatedAt) AS CreatedAt
    FROM iot.AllReadings AS r
    JOIN lived AS l ON l.ChannelID = r.ChannelID AND l.LastReading >= $as_of::TIMESTAMP
    WHERE r.CreatedAt < $as_of::TIMESTAMP
    GROUP BY r.ChannelID
),
asked AS (
    SELECT p.ChannelID, max(coalesce(p.EndedAt, p.StartedAt)) AS AskedAt FROM iot.PipelineRuns AS p
    WHERE p.Outcome = 'success' AND p.StartedAt <= $as_of::TIMESTAMP
    GROUP BY p.ChannelID
),
usual AS (
    SELECT q.ChannelID, arg_max(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds FROM iot.DataQuality AS q
    WHERE q.CheckDate <= $as_of::TIMESTAMP AND q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
),
late AS (
    SELECT
        l.ChannelID, CASE WHEN l.LastReading < $as_of::TIMESTAMP THEN l.LastReading ELSE f.CreatedAt END AS SinceAt,
        epoch_us(a.AskedAt - coalesce(f.CreatedAt, l.LastReading)) / 1e6 AS Seconds
    FROM lived AS l
    LEFT JOIN found AS f ON f.ChannelID = l.ChannelID
    JOIN asked AS a ON a.ChannelID = l.ChannelID
    JOIN usual AS u ON u.ChannelID = l.ChannelID
    WHERE
        epoch_us(a.AskedAt - coalesce(f.CreatedAt, l.LastReading)) / 1e6
        > greatest($distances * u.CadenceSeconds, $seconds)
),
hours AS (
    SELECT
        g.ChannelID, g.PeriodStart,
        lag(g.PeriodStart) OVER (PARTITION BY g.ChannelID ORDER BY g.PeriodStart) AS BeforeStart
    FROM iot.AggregatedData AS g
    JOIN late AS l ON l.ChannelID = g.ChannelID
    WHERE
        g.AggregationType = 'HOURLY' AND g.PeriodStart < $as_of::TIMESTAMP
        AND g.PeriodStart >= $as_of::TIMESTAMP - INTERVAL 30 DAY
),
pauses AS (
    SELECT h.ChannelID, max(epoch(h.PeriodStart - h.BeforeStart)) AS Seconds FROM hours AS h
    WHERE h.BeforeStart IS NOT NULL
    GROUP BY h.ChannelID, h.PeriodStart::DATE
),
placed AS (
    SELECT
        p.ChannelID, p.Seconds, row_number() OVER (PARTITION BY p.ChannelID ORDER BY p.Seconds) AS Place,
        count(*) OVER (PARTITION BY p.ChannelID) AS Days
    FROM pauses AS p
),
paused AS (
    SELECT p.ChannelID, min(p.Seconds) AS Seconds FROM placed AS p
    WHERE 10 * p.Place >= 9 * p.Days
    GROUP BY p.ChannelID
)
SELECT l.ChannelID, 0::INTEGER AS FieldNumber, l.SinceAt, l.Seconds AS Figure
FROM late AS l
LEFT JOIN paused AS p ON p.ChannelID = l.ChannelID
WHERE p.Seconds IS NULL OR p.Seconds <= 3600 OR l.Seconds > 1.5 * p.Seconds + 3600
ORDER BY l.ChannelID;
