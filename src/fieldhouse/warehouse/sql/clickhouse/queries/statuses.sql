-- statuses(channel_id, start_at, end_at, limit): the newest so many readings of a span that have a status text, of
-- those that count, in the order of time; NULL is open, and all of them.
WITH newest AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt, r.Status
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64} AND r.Status IS NOT NULL
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
    ORDER BY r.CreatedAt DESC, r.Epoch DESC, r.EntryID DESC
    LIMIT coalesce({limit:Nullable(UInt64)}, 9223372036854775807)
)
SELECT n.* FROM newest AS n ORDER BY n.CreatedAt, n.Epoch, n.EntryID;
