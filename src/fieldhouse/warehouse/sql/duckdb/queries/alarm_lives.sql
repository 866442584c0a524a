-- alarm_lives(channel_ids, as_of, seconds): channels that began a new life in the last while, when and which.
SELECT e.ChannelID, 0::INTEGER AS FieldNumber, max(e.StartedAt) AS SinceAt, max(e.Epoch)::DOUBLE AS Figure
FROM iot.Epochs AS e
WHERE
    e.Epoch > 1 AND list_contains($channel_ids::BIGINT[], e.ChannelID)
    AND e.StartedAt > $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT)
    AND e.StartedAt <= $as_of::TIMESTAMP
GROUP BY e.ChannelID
ORDER BY e.ChannelID;
