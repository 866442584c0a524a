-- field_spans(channel_id, start_at, end_at): when the first and the last reading that counts was made, and which
-- fields have a value; NULL is open.
SELECT
    min(r.CreatedAt) AS FirstAt, max(r.CreatedAt) AS LastAt,
    coalesce(bool_or(r.Field# IS NOT NULL), FALSE) AS HasField#, -- each field
    count(*) AS Readings
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = $channel_id
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP);
