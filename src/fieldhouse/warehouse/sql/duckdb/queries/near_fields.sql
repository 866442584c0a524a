-- near_fields(channel_id, field_number, channel_ids, field_numbers, most_km, start_at, end_at): other fields, of
-- channels within some kilometres, beside one: how far away they are (on a globe of 6,371.0088 km), in how many hours
-- both have values, by how much the one is above each in the newest of these and in their median, and how they go
-- together. The places of the lists belong together.
WITH
here AS (
    SELECT radians(c.Latitude::DOUBLE) AS Lat, radians(c.Longitude::DOUBLE) AS Lon
    FROM iot.Channels AS c
    WHERE c.ChannelID = $channel_id
),
near AS (
    SELECT
        o.ChannelID, o.FieldNumber,
        12742.0176 * asin(least(1, sqrt(
            sin((radians(c.Latitude::DOUBLE) - h.Lat) / 2) ** 2
            + cos(h.Lat) * cos(radians(c.Latitude::DOUBLE)) * sin((radians(c.Longitude::DOUBLE) - h.Lon) / 2) ** 2
        ))) AS Kilometres
    FROM (SELECT unnest($channel_ids::BIGINT[]) AS ChannelID, unnest($field_numbers::INTEGER[]) AS FieldNumber) AS o
    JOIN iot.Channels AS c ON c.ChannelID = o.ChannelID
    CROSS JOIN here AS h
    WHERE Kilometres <= $most_km
),
mine AS (
    SELECT
        g.PeriodStart,
        CASE $field_number::INTEGER
            WHEN # THEN g.Field#Avg -- each field
        END AS Mean
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID = $channel_id AND Mean IS NOT NULL
        AND g.PeriodStart >= $start_at::TIMESTAMP AND g.PeriodStart < $end_at::TIMESTAMP
),
theirs AS (
    SELECT
        n.ChannelID, n.FieldNumber, g.PeriodStart,
        CASE n.FieldNumber
            WHEN # THEN g.Field#Avg -- each field
        END AS Mean
    FROM near AS n
    JOIN iot.AggregatedData AS g ON g.ChannelID = n.ChannelID
    WHERE
        g.AggregationType = 'HOURLY' AND Mean IS NOT NULL
        AND g.PeriodStart >= $start_at::TIMESTAMP AND g.PeriodStart < $end_at::TIMESTAMP
)
SELECT
    n.ChannelID, n.FieldNumber, any_value(n.Kilometres) AS Kilometres, count(m.Mean) AS Hours,
    max(m.PeriodStart) AS NewestHour, arg_max(m.Mean - t.Mean, m.PeriodStart) AS NewestDifference,
    median(m.Mean - t.Mean) AS MedianDifference,
    CASE
        WHEN count(m.Mean) >= 3
        AND min(m.Mean) < max(m.Mean)
        AND min(t.Mean) FILTER (m.Mean IS NOT NULL) < max(t.Mean) FILTER (m.Mean IS NOT NULL)
            THEN corr(m.Mean, t.Mean)
    END AS Pearson
FROM near AS n
LEFT JOIN theirs AS t ON t.ChannelID = n.ChannelID AND t.FieldNumber = n.FieldNumber
LEFT JOIN mine AS m ON m.PeriodStart = t.PeriodStart
GROUP BY n.ChannelID, n.FieldNumber
ORDER BY Kilometres, n.ChannelID, n.FieldNumber;
