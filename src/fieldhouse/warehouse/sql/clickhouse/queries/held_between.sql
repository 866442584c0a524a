-- held_between(channel_id, start_at, end_at): what every epoch holds in a span, both ends included.
SELECT r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt IS NOT NULL AS IsWithdrawn
FROM iot.AllReadings AS r
WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt BETWEEN {start_at:DateTime64(6, 'UTC')} AND {end_at:DateTime64(6, 'UTC')}
ORDER BY r.CreatedAt, r.EntryID, r.Epoch;
