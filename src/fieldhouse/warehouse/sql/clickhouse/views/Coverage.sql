-- The time that is proven complete.
CREATE OR REPLACE VIEW iot.Coverage AS
SELECT s.ChannelID AS ChannelID, s.Epoch AS Epoch, s.Span.1 AS SpanStart, s.Span.2 AS SpanEnd
FROM (
    SELECT e.ChannelID AS ChannelID, e.Epoch AS Epoch, arrayJoin(e.Life.Spans) AS Span
-- include life
) AS s;
