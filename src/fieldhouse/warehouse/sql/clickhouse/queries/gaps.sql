-- gaps(channel_ids): the runs of entry ids that no page has shown, in each channel's newest epoch.
WITH
-- include newest_epochs
SELECT g.ChannelID, g.FirstEntryID, g.LastEntryID, g.State, g.AtSecond, g.DueAt, g.OlderEpoch
FROM iot.Gaps AS g
JOIN newest AS n ON n.ChannelID = g.ChannelID AND n.Epoch = g.Epoch
ORDER BY g.ChannelID, g.FirstEntryID;
