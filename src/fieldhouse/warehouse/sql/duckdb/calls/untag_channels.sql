-- untag_channels(channel_ids, tags): take some tags from some channels.
DELETE FROM iot.ChannelTags AS t
WHERE list_contains($channel_ids::BIGINT[], t.ChannelID) AND list_contains($tags::VARCHAR[], t.Tag);
