-- The spans of these channels, of all epochs.
SELECT s.ChannelID, s.Epoch, s.SpanStart, s.SpanEnd
FROM iot.Coverage AS s
WHERE list_contains($channel_ids::BIGINT[], s.ChannelID);
