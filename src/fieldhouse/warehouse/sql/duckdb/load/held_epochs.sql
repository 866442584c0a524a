-- The epochs of these channels, with their lowest and highest entry ids, and how often each was moved.
SELECT e.ChannelID, e.Epoch, e.LowestEntryID, e.HighestEntryID, e.Version
FROM iot.Epochs AS e
WHERE list_contains($channel_ids::BIGINT[], e.ChannelID);
