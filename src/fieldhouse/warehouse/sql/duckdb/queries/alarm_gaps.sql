-- alarm_gaps(channel_ids, as_of): channels with entry ids that are missing and not explained, and how many; SinceAt is
-- as_of where nothing tells the time.
WITH
newest AS (
    SELECT e.ChannelID, max(e.Epoch) AS Epoch FROM iot.Epochs AS e
    WHERE list_contains($channel_ids::BIGINT[], e.ChannelID)
    GROUP BY e.ChannelID
)
SELECT
    g.ChannelID, 0::INTEGER AS FieldNumber, coalesce(min(g.AtSecond), $as_of::TIMESTAMP) AS SinceAt,
    sum(g.LastEntryID - g.FirstEntryID + 1)::DOUBLE AS Figure
FROM iot.Gaps AS g
JOIN newest AS n ON n.ChannelID = g.ChannelID AND n.Epoch = g.Epoch
WHERE g.State IN ('open', 'unreachable')
GROUP BY g.ChannelID
ORDER BY g.ChannelID;
