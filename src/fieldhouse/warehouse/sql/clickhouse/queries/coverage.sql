-- coverage(channel_ids): the spans proven complete in each channel's newest epoch, ascending.
WITH
-- include newest_epochs
SELECT s.ChannelID, s.SpanStart, s.SpanEnd
FROM iot.Coverage AS s
JOIN newest AS n ON n.ChannelID = s.ChannelID AND n.Epoch = s.Epoch
ORDER BY s.ChannelID, s.SpanStart;
