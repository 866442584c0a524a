-- correlations(channel_id, field_number, other_channel_id, other_field_number, start_at, end_at, most_hours): how the
-- hourly means of two fields go together, those of the other some hours later, from minus to plus the most: of the
-- hours that both have, and of what is left of them without the mean of each hour of the day (UTC). NULL below three
-- hours, and of what does not move. Means have nine decimals, so that equal ones are.
WITH
mine AS (
    SELECT
        epoch(g.PeriodStart)::BIGINT // 3600 AS Hour,
        CASE $field_number::INTEGER
            WHEN # THEN round(g.Field#Avg, 9) -- each field
        END AS Mean
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID = $channel_id AND Mean IS NOT NULL
        AND g.PeriodStart >= $start_at::TIMESTAMP AND g.PeriodStart < $end_at::TIMESTAMP
),
theirs AS (
    SELECT
        epoch(g.PeriodStart)::BIGINT // 3600 AS Hour,
        CASE $other_field_number::INTEGER
            WHEN # THEN round(g.Field#Avg, 9) -- each field
        END AS Mean
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID = $other_channel_id AND Mean IS NOT NULL
        AND g.PeriodStart >= $start_at::TIMESTAMP - to_hours($most_hours)
        AND g.PeriodStart < $end_at::TIMESTAMP + to_hours($most_hours)
),
paired AS (
    SELECT l.Lag, m.Mean AS X, t.Mean AS Y, m.Rest AS XRest, t.Rest AS YRest
    FROM (SELECT unnest(range(-$most_hours::INTEGER, $most_hours::INTEGER + 1))::INTEGER AS Lag) AS l
    CROSS JOIN (
        SELECT a.*, round(a.Mean - avg(a.Mean) OVER (PARTITION BY a.Hour % 24), 9) AS Rest FROM mine AS a
    ) AS m
    JOIN (
        SELECT b.*, round(b.Mean - avg(b.Mean) OVER (PARTITION BY b.Hour % 24), 9) AS Rest FROM theirs AS b
    ) AS t ON t.Hour = m.Hour + l.Lag
),
ranked AS (
    SELECT
        p.*,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.X) + count(*) OVER (PARTITION BY p.Lag, p.X) / 2 AS XRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.Y) + count(*) OVER (PARTITION BY p.Lag, p.Y) / 2 AS YRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.XRest)
        + count(*) OVER (PARTITION BY p.Lag, p.XRest) / 2 AS XRestRank,
        rank() OVER (PARTITION BY p.Lag ORDER BY p.YRest)
        + count(*) OVER (PARTITION BY p.Lag, p.YRest) / 2 AS YRestRank
    FROM paired AS p
)
SELECT
    r.Lag, count(*) AS Hours,
    CASE WHEN count(*) >= 3 AND min(r.X) < max(r.X) AND min(r.Y) < max(r.Y) THEN corr(r.X, r.Y) END AS Pearson,
    CASE
        WHEN count(*) >= 3 AND min(r.X) < max(r.X) AND min(r.Y) < max(r.Y) THEN corr(r.XRank, r.YRank)
    END AS Spearman,
    CASE
        WHEN count(*) >= 3 AND min(r.XRest) < max(r.XRest) AND min(r.YRest) < max(r.YRest) THEN corr(r.XRest, r.YRest)
    END AS PearsonRest,
    CASE
        WHEN count(*) >= 3 AND min(r.XRest) < max(r.XRest) AND min(r.YRest) < max(r.YRest)
            THEN corr(r.XRestRank, r.YRestRank)
    END AS SpearmanRest
FROM ranked AS r
GROUP BY r.Lag
ORDER BY r.Lag;
