-- buckets_of_days(channel_id, start_at, end_at, seconds): the days (UTC) that begin in a span, from the aggregates,
-- in buckets of so many seconds, whole days, counted from 1970; NULL is open.
SELECT
    fromUnixTimestamp64Micro(
        toUnixTimestamp64Micro(g.PeriodStart)
        - positiveModulo(toUnixTimestamp64Micro(g.PeriodStart), {seconds:Int64} * 1000000), 'UTC'
    ) AS BucketStart,
    -- each field
    sum(coalesce(toFloat64(g.Field#Sum), g.Field#Avg * g.Field#Count)) / nullIf(sum(g.Field#Count), 0) AS Field#Avg,
    min(g.Field#Min) AS Field#Min, max(g.Field#Max) AS Field#Max, sum(g.Field#Count) AS Field#Count,
    -- end
    sum(g.ReadingCount) AS ReadingCount
FROM iot.AggregatedData AS g
WHERE
    g.ChannelID = {channel_id:Int64} AND g.AggregationType = 'DAILY'
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart < {end_at:Nullable(DateTime64(6, 'UTC'))})
GROUP BY BucketStart
ORDER BY BucketStart;
