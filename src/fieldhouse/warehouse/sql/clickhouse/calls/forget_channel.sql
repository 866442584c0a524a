-- forget_channel(channel_id): delete a channel with all that is held of it. Its rows go last: whatever ends this
-- before, another try mends it.
DELETE FROM iot.Periods WHERE ChannelID = {channel_id:Int64};
DELETE FROM iot.Judgements WHERE ChannelID = {channel_id:Int64};
DELETE FROM iot.Models WHERE ChannelID = {channel_id:Int64};
DELETE FROM iot.Findings WHERE ChannelID = {channel_id:Int64};
DELETE FROM iot.Runs WHERE ChannelID = {channel_id:Int64};
DELETE FROM iot.Rows WHERE ChannelID = {channel_id:Int64};
