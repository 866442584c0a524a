-- alarm_disputes(channel_ids, as_of): channels with readings in dispute, since when and how many.
SELECT d.ChannelID, 0::INTEGER AS FieldNumber, min(d.RaisedAt) AS SinceAt, count(*)::DOUBLE AS Figure
FROM iot.Disputes AS d
WHERE
    d.State = 'open' AND list_contains($channel_ids::BIGINT[], d.ChannelID)
    AND d.RaisedAt <= $as_of::TIMESTAMP
GROUP BY d.ChannelID
ORDER BY d.ChannelID;
