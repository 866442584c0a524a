-- lives_begun(channel_id): the epochs of a channel, and when the first reading of each was made.
SELECT e.Epoch, e.FirstCreatedAt FROM iot.Epochs AS e WHERE e.ChannelID = {channel_id:Int64} ORDER BY e.Epoch;
