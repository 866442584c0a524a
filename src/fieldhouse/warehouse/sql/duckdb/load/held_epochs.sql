-- The channels that are known, with their newest epoch and its highest entry id.
SELECT c.ChannelID, e.Epoch, e.HighestEntryID
FROM iot.Channels AS c
LEFT JOIN iot.Epochs AS e ON e.ChannelID = c.ChannelID
WHERE list_contains($channel_ids::BIGINT[], c.ChannelID);
