-- What the load must know of each channel: its newest epoch, and that epoch's numbers and coverage.
SELECT
    a.ChannelID,
    c.ChannelID IS NOT NULL AS IsKnown,
    e.Epoch,
    e.HighestEntryID,
    (
        SELECT list({'SpanStart': s.SpanStart, 'SpanEnd': s.SpanEnd}) FROM iot.Coverage AS s
        WHERE s.ChannelID = e.ChannelID AND s.Epoch = e.Epoch
    ) AS Spans
FROM (SELECT unnest($channel_ids::BIGINT[]) AS ChannelID) AS a
LEFT JOIN iot.Channels AS c ON c.ChannelID = a.ChannelID
LEFT JOIN (
    SELECT n.* FROM iot.Epochs AS n
    QUALIFY n.Epoch = max(n.Epoch) OVER (PARTITION BY n.ChannelID)
) AS e ON e.ChannelID = a.ChannelID;
