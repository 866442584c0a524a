-- Days that were judged look thirty days back: those after these days are judged again.
SELECT DISTINCT
    q.ChannelID AS ChannelID, 'QUALITY' AS AggregationType, toDateTime64(q.CheckDate, 6, 'UTC') AS PeriodStart
FROM iot.DataQuality AS q
WHERE
    q.ChannelID = {channel_id:Int64}
    AND arrayExists(d -> q.CheckDate > d AND q.CheckDate <= d + 30, {days:Array(Date32)});
