-- near_fields(channel_id, field_number, channel_ids, field_numbers, most_km, start_at, end_at): other fields, of
-- channels within some kilometres, beside one: how far away they are (on a globe of 6,371.0088 km), in how many hours
-- both have values, by how much the one is above each in the newest of these and in their median, and how they go
-- together. The places of the lists belong together.
WITH
near AS (
    SELECT
        o.ChannelID AS ChannelID, o.FieldNumber AS FieldNumber,
        12742.0176 * asin(least(1., sqrt(
            pow(sin(radians(assumeNotNull(toFloat64(c.Latitude)) - h.Lat) / 2), 2)
            + cos(radians(h.Lat)) * cos(radians(assumeNotNull(toFloat64(c.Latitude))))
            * pow(sin(radians(assumeNotNull(toFloat64(c.Longitude)) - h.Lon) / 2), 2)
        ))) AS Kilometres
    FROM (
        SELECT z.1 AS ChannelID, z.2 AS FieldNumber
        FROM (SELECT arrayJoin(arrayZip({channel_ids:Array(Int64)}, {field_numbers:Array(Int32)})) AS z)
    ) AS o
    JOIN iot.Channels AS c ON c.ChannelID = o.ChannelID
    CROSS JOIN (
        SELECT assumeNotNull(toFloat64(b.Latitude)) AS Lat, assumeNotNull(toFloat64(b.Longitude)) AS Lon
        FROM iot.Channels AS b
        WHERE b.ChannelID = {channel_id:Int64} AND b.Latitude IS NOT NULL AND b.Longitude IS NOT NULL
    ) AS h
    WHERE c.Latitude IS NOT NULL AND c.Longitude IS NOT NULL AND Kilometres <= {most_km:Float64}
),
hourly AS (
    SELECT
        g.ChannelID AS ChannelID, g.PeriodStart AS PeriodStart,
        [
            g.Field#Avg -- each field, comma between
        ] AS Means
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY'
        AND (g.ChannelID = {channel_id:Int64} OR has({channel_ids:Array(Int64)}, g.ChannelID))
        AND g.PeriodStart >= {start_at:DateTime64(6, 'UTC')} AND g.PeriodStart < {end_at:DateTime64(6, 'UTC')}
),
compared AS (
    SELECT
        t.ChannelID AS ChannelID, m.PeriodStart AS PeriodStart, t.Means AS Means,
        assumeNotNull(m.Means[{field_number:Int32}]) AS Mean
    FROM hourly AS m
    JOIN hourly AS t ON t.PeriodStart = m.PeriodStart
    WHERE m.ChannelID = {channel_id:Int64} AND m.Means[{field_number:Int32}] IS NOT NULL
),
joined AS (
    SELECT
        n.ChannelID AS ChannelID, n.FieldNumber AS FieldNumber, c.PeriodStart AS PeriodStart, c.Mean AS Mean,
        assumeNotNull(c.Means[n.FieldNumber]) AS Other
    FROM near AS n
    JOIN compared AS c ON c.ChannelID = n.ChannelID
    WHERE c.Means[n.FieldNumber] IS NOT NULL
),
summed AS (
    SELECT
        j.ChannelID AS ChannelID, j.FieldNumber AS FieldNumber, count() AS Hours, max(j.PeriodStart) AS NewestHour,
        argMax(j.Mean - j.Other, j.PeriodStart) AS NewestDifference,
        quantileExactInclusive(0.5)(j.Mean - j.Other) AS MedianDifference,
        if(
            count() >= 3 AND min(j.Mean) < max(j.Mean) AND min(j.Other) < max(j.Other),
            corrStable(j.Mean, j.Other), NULL
        ) AS Pearson
    FROM joined AS j
    GROUP BY j.ChannelID, j.FieldNumber
)
SELECT
    n.ChannelID AS ChannelID, n.FieldNumber AS FieldNumber, n.Kilometres AS Kilometres, ifNull(s.Hours, 0) AS Hours,
    s.NewestHour AS NewestHour, s.NewestDifference AS NewestDifference, s.MedianDifference AS MedianDifference,
    s.Pearson AS Pearson
FROM near AS n
LEFT JOIN summed AS s ON s.ChannelID = n.ChannelID AND s.FieldNumber = n.FieldNumber
ORDER BY Kilometres, ChannelID, FieldNumber;
