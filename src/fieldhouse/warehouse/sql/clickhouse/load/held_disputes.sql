-- The disputes about readings of an epoch.
SELECT d.EntryID, d.CreatedAt
FROM iot.Disputes AS d
WHERE d.ChannelID = {channel_id:Int64} AND d.Epoch = {epoch:Int32};
