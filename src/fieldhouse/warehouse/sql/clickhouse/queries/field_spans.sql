-- field_spans(channel_id, start_at, end_at): when the first and the last reading that counts was made, and which
-- fields have a value; NULL is open.
SELECT
    minOrNull(r.CreatedAt) AS FirstAt, maxOrNull(r.CreatedAt) AS LastAt,
    count(r.Field#) > 0 AS HasField#, -- each field
    count() AS Readings
FROM iot.CountedReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))});
