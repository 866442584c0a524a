-- Spans that have grown.
UPDATE iot.Coverage AS c
SET SpanStart = o.SpanStart, SpanEnd = o.SpanEnd
FROM (
    SELECT
        unnest($ChannelID::BIGINT[]) AS ChannelID, unnest($Epoch::INTEGER[]) AS Epoch,
        unnest($HeldStart::TIMESTAMP[]) AS HeldStart,
        unnest($SpanStart::TIMESTAMP[]) AS SpanStart, unnest($SpanEnd::TIMESTAMP[]) AS SpanEnd
) AS o
WHERE c.ChannelID = o.ChannelID AND c.Epoch = o.Epoch AND c.SpanStart = o.HeldStart;
