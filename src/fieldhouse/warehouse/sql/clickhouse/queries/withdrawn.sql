-- withdrawn(channel_id): the readings that their source no longer has, in the order of time.
SELECT r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt
FROM iot.AllReadings AS r
WHERE r.ChannelID = {channel_id:Int64} AND r.WithdrawnAt IS NOT NULL
ORDER BY r.CreatedAt, r.Epoch, r.EntryID;
