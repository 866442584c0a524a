-- correlations(channel_id, field_number, other_channel_id, other_field_number, start_at, end_at, most_hours): how the
-- hourly means of two fields go together, those of the other some hours later, from minus to plus the most: of the
-- hours that both have, and of what is left of them without the mean of each hour of the day (UTC). NULL below three
-- hours, and of what does not move. Means have nine decimals, so that equal ones are.
WITH
hourly AS (
    SELECT
        g.ChannelID AS ChannelID, intDiv(toUnixTimestamp64Micro(g.PeriodStart), 3600000000) AS Hour,
        [
            round(g.Field#Avg, 9) -- each field, comma between
        ] AS Means,
        g.PeriodStart >= {start_at:DateTime64(6, 'UTC')} AND g.PeriodStart < {end_at:DateTime64(6, 'UTC')} AS IsWithin
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID IN ({channel_id:Int64}, {other_channel_id:Int64})
        AND g.PeriodStart >= {start_at:DateTime64(6, 'UTC')} - toIntervalHour({most_hours:Int32})
        AND g.PeriodStart < {end_at:DateTime64(6, 'UTC')} + toIntervalHour({most_hours:Int32})
),
paired AS (
    SELECT
        assumeNotNull(l.Lag) AS Lag, m.Mean AS X, t.Mean AS Y,
        round(m.Mean - m.Usual, 9) AS XRest, round(t.Mean - t.Usual, 9) AS YRest
    FROM (
        SELECT
            h.Hour AS Hour, assumeNotNull(h.Means[{field_number:Int32}]) AS Mean,
            avg(Mean) OVER (PARTITION BY positiveModulo(h.Hour, 24)) AS Usual
        FROM hourly AS h
        WHERE h.ChannelID = {channel_id:Int64} AND h.IsWithin AND h.Means[{field_number:Int32}] IS NOT NULL
    ) AS m
    CROSS JOIN (
        SELECT toInt32(arrayJoin(range(0, 2 * {most_hours:Int32} + 1))) - {most_hours:Int32} AS Lag
    ) AS l
    JOIN (
        SELECT
            h.Hour AS Hour, assumeNotNull(h.Means[{other_field_number:Int32}]) AS Mean,
            avg(Mean) OVER (PARTITION BY positiveModulo(h.Hour, 24)) AS Usual
        FROM hourly AS h
        WHERE h.ChannelID = {other_channel_id:Int64} AND h.Means[{other_field_number:Int32}] IS NOT NULL
    ) AS t ON t.Hour = m.Hour + l.Lag
),
ranked AS (
    SELECT
        p.Lag AS Lag, p.X AS X, p.Y AS Y, p.XRest AS XRest, p.YRest AS YRest,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.X) + count() OVER (PARTITION BY p.Lag, p.X) / 2 AS XRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.Y) + count() OVER (PARTITION BY p.Lag, p.Y) / 2 AS YRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.XRest) + count() OVER (PARTITION BY p.Lag, p.XRest) / 2 AS XRestRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.YRest) + count() OVER (PARTITION BY p.Lag, p.YRest) / 2 AS YRestRank
    FROM paired AS p
)
SELECT
    toInt32(r.Lag) AS Lag, count() AS Hours,
    if(count() >= 3 AND min(r.X) < max(r.X) AND min(r.Y) < max(r.Y), corrStable(r.X, r.Y), NULL) AS Pearson,
    if(count() >= 3 AND min(r.X) < max(r.X) AND min(r.Y) < max(r.Y), corrStable(r.XRank, r.YRank), NULL) AS Spearman,
    if(
        count() >= 3 AND min(r.XRest) < max(r.XRest) AND min(r.YRest) < max(r.YRest),
        corrStable(r.XRest, r.YRest), NULL
    ) AS PearsonRest,
    if(
        count() >= 3 AND min(r.XRest) < max(r.XRest) AND min(r.YRest) < max(r.YRest),
        corrStable(r.XRestRank, r.YRestRank), NULL
    ) AS SpearmanRest
FROM ranked AS r
GROUP BY r.Lag
ORDER BY Lag;
