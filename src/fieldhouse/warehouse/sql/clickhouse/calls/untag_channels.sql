-- untag_channels(channel_ids, tags): take some tags from some channels.
INSERT INTO iot.Rows (ChannelID, Kind, RawValue, Deleted)
SELECT t.ChannelID, 15, t.Tag, TRUE
FROM iot.ChannelTags AS t
WHERE t.ChannelID IN {channel_ids:Array(Int64)} AND t.Tag IN {tags:Array(String)};
