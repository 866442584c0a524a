-- alarm_lives(channel_ids, as_of, seconds): channels that began a new life in the last while, when and which.
SELECT e.ChannelID AS ChannelID, 0 AS FieldNumber, max(e.StartedAt) AS SinceAt, toFloat64(max(e.Epoch)) AS Figure
FROM iot.Epochs AS e
WHERE
    e.Epoch > 1 AND e.ChannelID IN {channel_ids:Array(Int64)}
    AND e.StartedAt > {as_of:DateTime64(6, 'UTC')} - toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000))
    AND e.StartedAt <= {as_of:DateTime64(6, 'UTC')}
GROUP BY e.ChannelID
ORDER BY e.ChannelID;
