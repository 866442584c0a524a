-- buckets_of_readings(channel_id, start_at, end_at, seconds): the readings of a span that count, archived ones
-- too, in buckets of so many seconds, counted from 1970; NULL is open.
SELECT
    time_bucket(to_seconds($seconds), r.CreatedAt, TIMESTAMP '1970-01-01') AS BucketStart,
    -- each field
    sum(r.Field#)::DOUBLE / count(r.Field#) AS Field#Avg, min(r.Field#) AS Field#Min, max(r.Field#) AS Field#Max,
    count(r.Field#) AS Field#Count,
    -- end
    count(*) AS ReadingCount
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = $channel_id
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
GROUP BY BucketStart
ORDER BY BucketStart;
