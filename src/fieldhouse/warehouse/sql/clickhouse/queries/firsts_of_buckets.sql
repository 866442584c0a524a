-- firsts_of_buckets(channel_id, start_at, end_at, seconds): the first reading of each bucket of so many seconds,
-- counted from 1970, of those that count, in the order of time; NULL is open.
SELECT
    r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt,
    r.Field#, -- each field
    r.Latitude, r.Longitude, r.Elevation, r.Status
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
ORDER BY r.CreatedAt, r.Epoch, r.EntryID
LIMIT 1 BY
    toUnixTimestamp64Micro(r.CreatedAt) - positiveModulo(toUnixTimestamp64Micro(r.CreatedAt), {seconds:Int64} * 1000000);
