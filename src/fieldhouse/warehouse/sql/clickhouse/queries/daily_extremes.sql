-- daily_extremes(channel_id): how far a field's days reach, of all days that are kept: the least and greatest of all,
-- and a quarter's and three quarters' of the days' minima and maxima, by rank. A field without a value has no row.
WITH
days AS (
    -- each field, UNION ALL between
    SELECT toInt32(#) AS FieldNumber, g.Field#Min AS Low, g.Field#Max AS High
    FROM iot.AggregatedData AS g
    WHERE g.ChannelID = {channel_id:Int64} AND g.AggregationType = 'DAILY' AND g.Field#Count > 0
    -- end
),
ranked AS (
    SELECT
        d.FieldNumber AS FieldNumber, d.Low AS Low, d.High AS High,
        count(*) OVER (PARTITION BY d.FieldNumber) AS Days,
        row_number() OVER (PARTITION BY d.FieldNumber ORDER BY d.Low) AS LowRank,
        row_number() OVER (PARTITION BY d.FieldNumber ORDER BY d.High) AS HighRank
    FROM days AS d
)
SELECT
    r.FieldNumber, max(r.Days) AS Days, min(r.Low) AS Least, max(r.High) AS Greatest,
    max(CASE WHEN r.LowRank = intDiv(r.Days + 3, 4) THEN r.Low END) AS LowQuarter,
    max(CASE WHEN r.LowRank = intDiv(3 * r.Days + 3, 4) THEN r.Low END) AS LowThreeQuarters,
    max(CASE WHEN r.HighRank = intDiv(r.Days + 3, 4) THEN r.High END) AS HighQuarter,
    max(CASE WHEN r.HighRank = intDiv(3 * r.Days + 3, 4) THEN r.High END) AS HighThreeQuarters
FROM ranked AS r
GROUP BY r.FieldNumber
ORDER BY r.FieldNumber;
