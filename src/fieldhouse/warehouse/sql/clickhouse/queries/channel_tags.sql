-- channel_tags(): every tag of every channel, by channel.
SELECT t.ChannelID, t.Tag FROM iot.ChannelTags AS t ORDER BY t.ChannelID, t.Tag;
