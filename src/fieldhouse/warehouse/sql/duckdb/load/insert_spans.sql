-- Spans that touch no other.
INSERT INTO iot.Coverage (ChannelID, Epoch, SpanStart, SpanEnd)
SELECT
    unnest($ChannelID::BIGINT[]), unnest($Epoch::INTEGER[]),
    unnest($SpanStart::TIMESTAMP[]), unnest($SpanEnd::TIMESTAMP[]);
