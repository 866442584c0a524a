-- alarm_gaps(channel_ids, as_of): channels with entry ids that are missing and not explained, and how many; SinceAt is
-- as_of where nothing tells the time.
WITH
-- include newest_epochs
SELECT
    g.ChannelID AS ChannelID, 0 AS FieldNumber,
    ifNull(min(g.AtSecond), {as_of:DateTime64(6, 'UTC')}) AS SinceAt,
    toFloat64(sum(g.LastEntryID - g.FirstEntryID + 1)) AS Figure
FROM iot.Gaps AS g
JOIN newest AS n ON n.ChannelID = g.ChannelID AND n.Epoch = g.Epoch
WHERE g.State IN ('open', 'unreachable')
GROUP BY g.ChannelID
ORDER BY g.ChannelID;
