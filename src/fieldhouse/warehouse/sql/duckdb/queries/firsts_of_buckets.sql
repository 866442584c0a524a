-- firsts_of_buckets(channel_id, start_at, end_at, seconds): the first reading of each bucket of so many seconds,
-- counted from 1970, of those that count, in the order of time; NULL is open.
WITH begins AS (
    SELECT min(r.CreatedAt) AS CreatedAt
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
    GROUP BY time_bucket(to_seconds($seconds), r.CreatedAt, TIMESTAMP '1970-01-01')
)
SELECT
    r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt,
    r.Field#, -- each field
    r.Latitude, r.Longitude, r.Elevation, r.Status
FROM iot.CountedReadings AS r
JOIN begins AS b ON b.CreatedAt = r.CreatedAt
WHERE
    r.ChannelID = $channel_id
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
QUALIFY row_number() OVER (PARTITION BY r.CreatedAt ORDER BY r.Epoch, r.EntryID) = 1
ORDER BY r.CreatedAt;
