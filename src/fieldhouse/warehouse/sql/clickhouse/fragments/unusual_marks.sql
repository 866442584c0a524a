-- INSERT: while something that touches the days asked is unusual, the quality of the days is to be judged again.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Mark)
SELECT DISTINCT q.ChannelID, 3, toDateTime64(q.CheckDate, 6, 'UTC'), 'QUALITY', 4, toUnixTimestamp64Nano(now64(9))
FROM iot.DataQuality AS q
JOIN (
-- include unusual
            AND has({Channels:Array(Int64)}, a.ChannelID)
            AND a.StartedAt < toDateTime64(addDays({LastAsked:Nullable(Date32)}, 1), 6, 'UTC')
            AND a.EndedAt >= toDateTime64({FirstAsked:Nullable(Date32)}, 6, 'UTC')
) AS u ON u.ChannelID = q.ChannelID
WHERE q.CheckDate >= toDate32(u.StartedAt) AND q.CheckDate <= toDate32(u.EndedAt)
