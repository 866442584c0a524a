-- medians_of_buckets(channel_id, start_at, end_at, seconds): each field's median in buckets of so many seconds,
-- counted from 1970, of the readings that count; an even count's is the mean of the two in the middle; NULL is open.
SELECT
    fromUnixTimestamp64Micro(
        toUnixTimestamp64Micro(r.CreatedAt)
        - positiveModulo(toUnixTimestamp64Micro(r.CreatedAt), {seconds:Int64} * 1000000), 'UTC'
    ) AS BucketStart,
    quantileExactInclusive(0.5)(toFloat64(r.Field#)) AS Field#Median, -- each field
    count() AS ReadingCount
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
GROUP BY BucketStart
ORDER BY BucketStart;
