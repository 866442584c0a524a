-- Spans that were joined into longer ones go, and the longer ones come.
DELETE FROM iot.Coverage AS c
USING old_spans AS o
WHERE c.ChannelID = o.ChannelID AND c.Epoch = o.Epoch AND c.SpanStart = o.SpanStart AND c.SpanEnd = o.SpanEnd;
INSERT INTO iot.Coverage (ChannelID, Epoch, SpanStart, SpanEnd)
SELECT ChannelID, Epoch, SpanStart, SpanEnd FROM new_spans;
