-- newest_from(channel_id, start_at, end_at, limit): when the oldest of the newest so many readings of a span was made,
-- of those that count; NULL is open.
WITH newest AS (
    SELECT r.CreatedAt
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
    ORDER BY r.CreatedAt DESC
    LIMIT $limit
)
SELECT n.CreatedAt FROM newest AS n ORDER BY n.CreatedAt LIMIT 1;
