-- disputes(channel_ids): readings that their source did not show when asked, of all epochs.
SELECT d.ChannelID, d.Epoch, d.EntryID, d.CreatedAt, d.RaisedAt, d.State
FROM iot.Disputes AS d
WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], d.ChannelID)
ORDER BY d.ChannelID, d.Epoch, d.CreatedAt, d.EntryID;
