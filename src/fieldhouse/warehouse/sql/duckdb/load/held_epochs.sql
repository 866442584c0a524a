-- The epochs of these channels, with their lowest and highest entry ids.
SELECT e.ChannelID, e.Epoch, e.LowestEntryID, e.HighestEntryID
FROM iot.Epochs AS e
WHERE list_contains($channel_ids::BIGINT[], e.ChannelID);
