-- tag_channels(channel_ids, tags): give each of some channels each of some tags; one that it has stays.
INSERT INTO iot.ChannelTags (ChannelID, Tag)
SELECT DISTINCT c.ChannelID, t.Tag
FROM (SELECT unnest($channel_ids::BIGINT[]) AS ChannelID) AS c
CROSS JOIN (SELECT unnest($tags::VARCHAR[]) AS Tag) AS t
ON CONFLICT DO NOTHING;
