-- newest_from(channel_id, start_at, end_at, limit): when the oldest of the newest so many readings of a span was made,
-- of those that count; NULL is open.
WITH newest AS (
    SELECT r.CreatedAt
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64}
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
    ORDER BY r.CreatedAt DESC
    LIMIT {limit:UInt64}
)
SELECT n.CreatedAt FROM newest AS n ORDER BY n.CreatedAt LIMIT 1;
