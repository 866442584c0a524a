-- alarm_stuck(channel_ids, as_of, seconds, readings): fields that show one value for so long and so many readings, and
-- never did so half as long; since when, and the value. Of the last thirty days' hours, of which seven days at least
-- lie before; 0 is no sign of a fault: rain, light and doors rest there.
WITH
{as_of:DateTime64(6, 'UTC')} AS instant,
hours AS (
    SELECT
        g.ChannelID AS ChannelID, g.PeriodStart AS PeriodStart, f.1 AS FieldNumber, f.2 AS Least, f.3 AS Greatest,
        f.4 AS Readings
    FROM iot.AggregatedData AS g
    ARRAY JOIN [
        (toInt32(#), g.Field#Min, g.Field#Max, g.Field#Count) -- each field, comma between
    ] AS f
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID IN {channel_ids:Array(Int64)} AND f.4 > 0
        AND g.PeriodStart <= instant AND g.PeriodStart > instant - INTERVAL 30 DAY
),
flat AS (
    SELECT h.ChannelID AS ChannelID, h.FieldNumber AS FieldNumber FROM hours AS h
    WHERE h.PeriodStart > instant - toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000)) - INTERVAL 1 HOUR
    GROUP BY h.ChannelID, h.FieldNumber
    HAVING min(h.Least) = max(h.Greatest) AND min(h.Least) <> 0
),
marked AS (
    SELECT
        h.*,
        ifNull(h.Least = h.Greatest AND h.Least = lag(h.Greatest) OVER w AND h.Least = lag(h.Least) OVER w, FALSE)
            AS IsSame
    FROM hours AS h
    WHERE (h.ChannelID, h.FieldNumber) IN (SELECT f.ChannelID, f.FieldNumber FROM flat AS f)
    WINDOW w AS (PARTITION BY h.ChannelID, h.FieldNumber ORDER BY h.PeriodStart)
),
numbered AS (
    SELECT
        m.*,
        sum(NOT m.IsSame) OVER (
            PARTITION BY m.ChannelID, m.FieldNumber ORDER BY m.PeriodStart
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS Stretch
    FROM marked AS m
),
stretches AS (
    SELECT
        n.ChannelID AS ChannelID, n.FieldNumber AS FieldNumber, n.Stretch AS Stretch, min(n.PeriodStart) AS SinceAt,
        max(n.Least) AS Value, dateDiff('second', min(n.PeriodStart), max(n.PeriodStart)) AS Seconds,
        sum(n.Readings) AS AllReadings
    FROM numbered AS n
    GROUP BY n.ChannelID, n.FieldNumber, n.Stretch
),
compared AS (
    SELECT
        s.*, max(s.Stretch) OVER w AS LastStretch, min(s.SinceAt) OVER w AS BeganAt,
        max(s.Seconds) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber ORDER BY s.Stretch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS LongestBefore -- 0 where none is before
    FROM stretches AS s
    WINDOW w AS (PARTITION BY s.ChannelID, s.FieldNumber)
)
SELECT c.ChannelID AS ChannelID, c.FieldNumber AS FieldNumber, c.SinceAt AS SinceAt, toFloat64(c.Value) AS Figure
FROM compared AS c
WHERE
    c.Stretch = c.LastStretch AND c.Seconds + 3600 >= {seconds:Float64} AND c.AllReadings >= {readings:Int64}
    AND c.Seconds >= 2 * c.LongestBefore AND c.BeganAt <= c.SinceAt - INTERVAL 7 DAY
ORDER BY c.ChannelID, c.FieldNumber;
