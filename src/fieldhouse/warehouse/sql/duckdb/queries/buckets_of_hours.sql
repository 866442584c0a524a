-- buckets_of_hours(channel_id, start_at, end_at, seconds): the hours that begin in a span, from the aggregates,
-- in buckets of so many seconds, counted from 1970; NULL is open. The readings of an hour that is marked are read.
WITH
loose AS (
    SELECT m.PeriodStart AS HourStart
    FROM iot.PeriodMarks AS m
    WHERE
        m.ChannelID = $channel_id AND m.AggregationType = 'HOURLY'
        AND ($start_at::TIMESTAMP IS NULL OR m.PeriodStart >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR m.PeriodStart < $end_at::TIMESTAMP)
),
parts AS (
    SELECT
        date_trunc('hour', r.CreatedAt) AS HourStart,
        -- each field
        r.Field#::DOUBLE AS Field#Sum, r.Field# AS Field#Min, r.Field# AS Field#Max,
        (r.Field# IS NOT NULL)::BIGINT AS Field#Count,
        -- end
        1::BIGINT AS ReadingCount
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= (SELECT min(l.HourStart) FROM loose AS l)
        AND r.CreatedAt < (SELECT max(l.HourStart) + INTERVAL 1 HOUR FROM loose AS l)
        AND date_trunc('hour', r.CreatedAt) IN (SELECT l.HourStart FROM loose AS l)
    UNION ALL
    SELECT
        g.PeriodStart,
        -- each field
        coalesce(g.Field#Sum::DOUBLE, g.Field#Avg * g.Field#Count), g.Field#Min, g.Field#Max, g.Field#Count,
        -- end
        g.ReadingCount
    FROM iot.AggregatedData AS g
    WHERE
        g.ChannelID = $channel_id AND g.AggregationType = 'HOURLY'
        AND ($start_at::TIMESTAMP IS NULL OR g.PeriodStart >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR g.PeriodStart < $end_at::TIMESTAMP)
        AND g.PeriodStart NOT IN (SELECT l.HourStart FROM loose AS l)
)
SELECT
    time_bucket(to_seconds($seconds), p.HourStart, TIMESTAMP '1970-01-01') AS BucketStart,
    -- each field
    sum(p.Field#Sum) / nullif(sum(p.Field#Count), 0) AS Field#Avg,
    min(p.Field#Min) AS Field#Min, max(p.Field#Max) AS Field#Max, sum(p.Field#Count)::BIGINT AS Field#Count,
    -- end
    sum(p.ReadingCount)::BIGINT AS ReadingCount
FROM parts AS p
GROUP BY BucketStart
ORDER BY BucketStart;
