-- newest_reading(channel_id, as_of): when the newest reading that counts was made, of those before an instant.
SELECT maxOrNull(r.CreatedAt) AS CreatedAt
FROM iot.CurrentReadings AS r
WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt < {as_of:DateTime64(6, 'UTC')};
