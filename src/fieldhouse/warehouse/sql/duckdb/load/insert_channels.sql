-- Channels that a load brings before their metadata was read.
INSERT INTO iot.Channels (ChannelID)
SELECT unnest($channel_ids::BIGINT[])
ON CONFLICT DO NOTHING;
