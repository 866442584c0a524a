-- channel_state(channel_ids): what planning needs of each channel that is known, of its newest epoch.
WITH
-- include newest_epochs
SELECT
    c.ChannelID, coalesce(n.Epoch, 1) AS Epoch, n.LastEntryID, n.HighestEntryID, n.NewestEntryID,
    n.NewestCreatedAt, coalesce(n.IDsCheckedTo, 0) AS IDsCheckedTo, n.FutureCheckedAt,
    c.RefreshedAt AS MetadataAt
FROM iot.Channels AS c
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], c.ChannelID)
ORDER BY c.ChannelID;
