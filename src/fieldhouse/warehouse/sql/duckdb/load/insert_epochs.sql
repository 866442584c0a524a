-- The first epoch of channels that had none.
INSERT INTO iot.Epochs (ChannelID, Epoch) SELECT unnest($channel_ids::BIGINT[]), 1;
