-- alarm_disputes(channel_ids, as_of): channels with readings in dispute, since when and how many.
SELECT d.ChannelID AS ChannelID, 0 AS FieldNumber, min(d.RaisedAt) AS SinceAt, toFloat64(count()) AS Figure
FROM iot.Disputes AS d
WHERE
    d.State = 'open' AND d.ChannelID IN {channel_ids:Array(Int64)} AND d.RaisedAt <= {as_of:DateTime64(6, 'UTC')}
GROUP BY d.ChannelID
ORDER BY d.ChannelID;
