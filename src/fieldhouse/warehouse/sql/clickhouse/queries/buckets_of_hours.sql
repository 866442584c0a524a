-- buckets_of_hours(channel_id, start_at, end_at, seconds): the hours that begin in a span, from the aggregates,
-- in buckets of so many seconds, counted from 1970; NULL is open. The readings of an hour that is marked are read.
WITH
loose AS (
    SELECT m.PeriodStart AS HourStart
    FROM iot.PeriodMarks AS m
    WHERE
        m.ChannelID = {channel_id:Int64} AND m.AggregationType = 'HOURLY'
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR m.PeriodStart >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR m.PeriodStart < {end_at:Nullable(DateTime64(6, 'UTC'))})
),
parts AS (
    SELECT
        toStartOfHour(r.CreatedAt) AS HourStart,
        -- each field
        toFloat64(r.Field#) AS Field#Sum, r.Field# AS Field#Min, r.Field# AS Field#Max,
        toInt64(r.Field# IS NOT NULL) AS Field#Count,
        -- end
        toInt64(1) AS ReadingCount
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64}
        AND r.CreatedAt >= (SELECT min(l.HourStart) FROM loose AS l)
        AND r.CreatedAt < (SELECT max(l.HourStart) + INTERVAL 1 HOUR FROM loose AS l)
        AND toStartOfHour(r.CreatedAt) IN (SELECT l.HourStart FROM loose AS l)
    UNION ALL
    SELECT
        g.PeriodStart,
        -- each field
        coalesce(toFloat64(g.Field#Sum), g.Field#Avg * g.Field#Count), g.Field#Min, g.Field#Max, g.Field#Count,
        -- end
        g.ReadingCount
    FROM iot.AggregatedData AS g
    WHERE
        g.ChannelID = {channel_id:Int64} AND g.AggregationType = 'HOURLY'
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart < {end_at:Nullable(DateTime64(6, 'UTC'))})
        AND g.PeriodStart NOT IN (SELECT l.HourStart FROM loose AS l)
)
SELECT
    fromUnixTimestamp64Micro(
        toUnixTimestamp64Micro(p.HourStart)
        - positiveModulo(toUnixTimestamp64Micro(p.HourStart), {seconds:Int64} * 1000000), 'UTC'
    ) AS BucketStart,
    -- each field
    sum(p.Field#Sum) / nullIf(sum(p.Field#Count), 0) AS Field#Avg,
    min(p.Field#Min) AS Field#Min, max(p.Field#Max) AS Field#Max, sum(p.Field#Count) AS Field#Count,
    -- end
    sum(p.ReadingCount) AS ReadingCount
FROM parts AS p
GROUP BY BucketStart
ORDER BY BucketStart;
