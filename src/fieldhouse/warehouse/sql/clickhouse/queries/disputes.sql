-- disputes(channel_ids): readings that their source did not show when asked, of all epochs.
SELECT d.ChannelID, d.Epoch, d.EntryID, d.CreatedAt, d.RaisedAt, d.State
FROM iot.Disputes AS d
WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, d.ChannelID)
ORDER BY d.ChannelID, d.Epoch, d.CreatedAt, d.EntryID;
