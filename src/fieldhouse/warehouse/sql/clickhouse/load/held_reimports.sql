-- A channel's re-imports.
SELECT m.Epoch, m.OlderEpoch, m.SpanStart, m.SpanEnd, m.OlderReadings, m.ShownAgain
FROM iot.Reimports AS m
WHERE m.ChannelID = {channel_id:Int64};
