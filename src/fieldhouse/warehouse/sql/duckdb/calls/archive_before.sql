-- archive_before(channel_id, archived_before): nothing before it is recomputed for this channel.
UPDATE iot.Channels SET ArchivedBefore = $archived_before::TIMESTAMP WHERE ChannelID = $channel_id;
