-- tag_channels(channel_ids, tags): give each of some channels each of some tags; one that it has stays.
INSERT INTO iot.Rows (ChannelID, Kind, RawValue)
SELECT DISTINCT c.ChannelID, 15, t.Tag
FROM (SELECT arrayJoin({channel_ids:Array(Int64)}) AS ChannelID) AS c
CROSS JOIN (SELECT arrayJoin({tags:Array(String)}) AS Tag) AS t;
