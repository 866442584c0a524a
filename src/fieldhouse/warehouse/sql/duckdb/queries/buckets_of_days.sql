-- buckets_of_days(channel_id, start_at, end_at, seconds): the days (UTC) that begin in a span, from the aggregates,
-- in buckets of so many seconds, whole days, counted from 1970; NULL is open.
SELECT
    time_bucket(to_seconds($seconds), g.PeriodStart, TIMESTAMP '1970-01-01') AS BucketStart,
    -- each field
    sum(coalesce(g.Field#Sum::DOUBLE, g.Field#Avg * g.Field#Count)) / nullif(sum(g.Field#Count), 0) AS Field#Avg,
    min(g.Field#Min) AS Field#Min, max(g.Field#Max) AS Field#Max, sum(g.Field#Count)::BIGINT AS Field#Count,
    -- end
    sum(g.ReadingCount)::BIGINT AS ReadingCount
FROM iot.AggregatedData AS g
WHERE
    g.ChannelID = $channel_id AND g.AggregationType = 'DAILY'
    AND ($start_at::TIMESTAMP IS NULL OR g.PeriodStart >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR g.PeriodStart < $end_at::TIMESTAMP)
GROUP BY BucketStart
ORDER BY BucketStart;
