-- alarm_stuck(channel_ids, as_of, seconds, readings): fields that show one value for so long and so many readings, and
-- never did so half as long; since when, and the value. Of the last thirty days' hours, of which seven days at least
-- lie before; 0 is no sign of a fault: rain, light and doors rest there.
WITH
recent AS (
    SELECT g.*
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY' AND list_contains($channel_ids::BIGINT[], g.ChannelID)
        AND g.PeriodStart <= $as_of::TIMESTAMP
        AND g.PeriodStart > $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT) - INTERVAL 1 HOUR
),
flat AS (
    -- each field, UNION ALL between
    SELECT r.ChannelID, # AS FieldNumber FROM recent AS r
    WHERE r.Field#Count > 0
    GROUP BY r.ChannelID
    HAVING min(r.Field#Min) = max(r.Field#Max) AND min(r.Field#Min) <> 0
    -- end
),
hours AS (
    SELECT
        f.ChannelID, f.FieldNumber, g.PeriodStart,
        CASE f.FieldNumber
            WHEN # THEN g.Field#Min -- each field
        END AS Least,
        CASE f.FieldNumber
            WHEN # THEN g.Field#Max -- each field
        END AS Greatest,
        CASE f.FieldNumber
            WHEN # THEN g.Field#Count -- each field
        END AS Readings
    FROM iot.AggregatedData AS g
    JOIN flat AS f ON f.ChannelID = g.ChannelID
    WHERE
        g.AggregationType = 'HOURLY' AND g.PeriodStart <= $as_of::TIMESTAMP
        AND g.PeriodStart > $as_of::TIMESTAMP - INTERVAL 30 DAY
),
marked AS (
    SELECT
        h.*,
        CASE
            WHEN h.Least = h.Greatest AND h.Least = lag(h.Greatest) OVER w AND h.Least = lag(h.Least) OVER w THEN 0
            ELSE 1
        END AS IsChange
    FROM hours AS h
    WHERE h.Readings > 0
    WINDOW w AS (PARTITION BY h.ChannelID, h.FieldNumber ORDER BY h.PeriodStart)
),
numbered AS (
    SELECT
        m.*,
        sum(m.IsChange) OVER (
            PARTITION BY m.ChannelID, m.FieldNumber ORDER BY m.PeriodStart ROWS UNBOUNDED PRECEDING
        ) AS Stretch
    FROM marked AS m
),
stretches AS (
    SELECT
        n.ChannelID, n.FieldNumber, n.Stretch, min(n.PeriodStart) AS SinceAt, max(n.Least) AS Value,
        epoch(max(n.PeriodStart) - min(n.PeriodStart)) AS Seconds, sum(n.Readings) AS Readings
    FROM numbered AS n
    GROUP BY n.ChannelID, n.FieldNumber, n.Stretch
),
compared AS (
    SELECT
        s.*, max(s.Stretch) OVER w AS LastStretch, min(s.SinceAt) OVER w AS BeganAt,
        max(s.Seconds) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber ORDER BY s.Stretch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS LongestBefore
    FROM stretches AS s
    WINDOW w AS (PARTITION BY s.ChannelID, s.FieldNumber)
)
SELECT c.ChannelID, c.FieldNumber, c.SinceAt, c.Value::DOUBLE AS Figure
FROM compared AS c
WHERE
    c.Stretch = c.LastStretch AND c.Seconds + 3600 >= $seconds AND c.Readings >= $readings
    AND c.Seconds >= 2 * coalesce(c.LongestBefore, 0) AND c.BeganAt <= c.SinceAt - INTERVAL 7 DAY
ORDER BY c.ChannelID, c.FieldNumber;
