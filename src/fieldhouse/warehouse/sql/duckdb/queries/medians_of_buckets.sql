-- medians_of_buckets(channel_id, start_at, end_at, seconds): each field's median in buckets of so many seconds,
-- counted from 1970, of the readings that count; an even count's is the mean of the two in the middle; NULL is open.
SELECT
    time_bucket(to_seconds($seconds), r.CreatedAt, TIMESTAMP '1970-01-01') AS BucketStart,
    median(r.Field#::DOUBLE) AS Field#Median, -- each field
    count(*) AS ReadingCount
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = $channel_id
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
GROUP BY BucketStart
ORDER BY BucketStart;
