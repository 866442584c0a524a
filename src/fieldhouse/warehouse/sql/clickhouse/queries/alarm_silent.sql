-- alarm_silent(channel_ids, as_of, distances, seconds): channels that report later than is usual for them; since when,
-- and the seconds since. Later than so many of its usual distances, than so many seconds, and than one and a half
-- times the pause, in whole hours, that nine of ten of its days do not exceed (nights, weekends), seen from its last
-- successful run: what cannot be asked is not silent.
WITH
{as_of:DateTime64(6, 'UTC')} AS instant,
lived AS (
    SELECT e.ChannelID AS ChannelID, max(e.LastCreatedAt) AS LastReading FROM iot.Epochs AS e
    WHERE e.ChannelID IN {channel_ids:Array(Int64)}
    GROUP BY e.ChannelID
),
found AS (
    -- only where the newest reading is dated into the future, readings are looked through
    SELECT r.ChannelID AS ChannelID, max(r.CreatedAt) AS CreatedAt
    FROM iot.AllReadings AS r
    WHERE r.ChannelID IN (SELECT l.ChannelID FROM lived AS l WHERE l.LastReading >= instant) AND r.CreatedAt < instant
    GROUP BY r.ChannelID
),
asked AS (
    SELECT p.ChannelID AS ChannelID, max(coalesce(p.EndedAt, p.StartedAt)) AS AskedAt FROM iot.PipelineRuns AS p
    WHERE p.Outcome = 'success' AND p.StartedAt <= instant AND p.ChannelID IN {channel_ids:Array(Int64)}
    GROUP BY p.ChannelID
),
usual AS (
    SELECT q.ChannelID AS ChannelID, argMax(q.CadenceSeconds, q.CheckDate) AS CadenceSeconds FROM iot.DataQuality AS q
    WHERE q.CheckDate <= instant AND q.CadenceSeconds IS NOT NULL
    GROUP BY q.ChannelID
),
late AS (
    SELECT
        l.ChannelID AS ChannelID, if(l.LastReading < instant, l.LastReading, f.CreatedAt) AS SinceAt,
        dateDiff('microsecond', coalesce(f.CreatedAt, l.LastReading), a.AskedAt) / 1000000 AS Seconds
    FROM lived AS l
    LEFT JOIN found AS f ON f.ChannelID = l.ChannelID
    JOIN asked AS a ON a.ChannelID = l.ChannelID
    JOIN usual AS u ON u.ChannelID = l.ChannelID
    WHERE
        dateDiff('microsecond', coalesce(f.CreatedAt, l.LastReading), a.AskedAt) / 1000000
        > greatest({distances:Float64} * u.CadenceSeconds, {seconds:Float64})
),
hours AS (
    SELECT
        g.ChannelID AS ChannelID, g.PeriodStart AS PeriodStart,
        lag(toNullable(g.PeriodStart)) OVER (PARTITION BY g.ChannelID ORDER BY g.PeriodStart) AS BeforeStart
    FROM iot.AggregatedData AS g
    WHERE
        g.ChannelID IN (SELECT l.ChannelID FROM late AS l) AND g.AggregationType = 'HOURLY'
        AND g.PeriodStart < instant AND g.PeriodStart >= instant - INTERVAL 30 DAY
),
pauses AS (
    SELECT h.ChannelID AS ChannelID, max(dateDiff('second', h.BeforeStart, h.PeriodStart)) AS Seconds FROM hours AS h
    WHERE h.BeforeStart IS NOT NULL
    GROUP BY h.ChannelID, toDate32(h.PeriodStart)
),
placed AS (
    SELECT
        p.ChannelID AS ChannelID, p.Seconds AS Seconds,
        row_number() OVER (PARTITION BY p.ChannelID ORDER BY p.Seconds) AS Place,
        count() OVER (PARTITION BY p.ChannelID) AS Days
    FROM pauses AS p
),
paused AS (
    SELECT p.ChannelID AS ChannelID, min(p.Seconds) AS Seconds FROM placed AS p
    WHERE 10 * p.Place >= 9 * p.Days
    GROUP BY p.ChannelID
)
SELECT l.ChannelID AS ChannelID, 0 AS FieldNumber, l.SinceAt AS SinceAt, l.Seconds AS Figure
FROM late AS l
LEFT JOIN paused AS p ON p.ChannelID = l.ChannelID
WHERE p.Seconds IS NULL OR p.Seconds <= 3600 OR l.Seconds > 1.5 * p.Seconds + 3600
ORDER BY l.ChannelID;
