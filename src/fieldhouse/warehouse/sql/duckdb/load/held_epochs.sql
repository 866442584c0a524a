-- The epochs of these channels, with their highest entry ids.
SELECT e.ChannelID, e.Epoch, e.HighestEntryID
FROM iot.Epochs AS e
WHERE list_contains($channel_ids::BIGINT[], e.ChannelID);
