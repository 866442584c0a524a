-- Spans that another, grown, has taken in.
DELETE FROM iot.Coverage AS c
USING (
    SELECT
        unnest($ChannelID::BIGINT[]) AS ChannelID, unnest($Epoch::INTEGER[]) AS Epoch,
        unnest($HeldStart::TIMESTAMP[]) AS HeldStart
) AS o
WHERE c.ChannelID = o.ChannelID AND c.Epoch = o.Epoch AND c.SpanStart = o.HeldStart;
