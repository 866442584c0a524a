-- From when to when the readings of an epoch stand that were loaded since a field was hidden.
SELECT minOrNull(r.CreatedAt) AS FirstAt, toStartOfSecond(maxOrNull(r.CreatedAt)) AS LastAt
FROM iot.AllReadings AS r
WHERE r.ChannelID = {channel_id:Int64} AND r.Epoch = {epoch:Int32} AND r.ReadingID >= {reading_id:Int64};
