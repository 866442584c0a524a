-- buckets_of_readings(channel_id, start_at, end_at, seconds): the readings of a span that count, archived ones
-- too, in buckets of so many seconds, counted from 1970; NULL is open.
SELECT
    fromUnixTimestamp64Micro(
        toUnixTimestamp64Micro(r.CreatedAt)
        - positiveModulo(toUnixTimestamp64Micro(r.CreatedAt), {seconds:Int64} * 1000000), 'UTC'
    ) AS BucketStart,
    -- each field
    toFloat64(sum(r.Field#)) / nullIf(count(r.Field#), 0) AS Field#Avg,
    min(r.Field#) AS Field#Min, max(r.Field#) AS Field#Max, count(r.Field#) AS Field#Count,
    -- end
    count() AS ReadingCount
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
GROUP BY BucketStart
ORDER BY BucketStart;
