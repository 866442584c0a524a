-- take_derived_hours(channel_id, limit): some hours whose derived readings are to be computed anew, the first ones, with
-- their marks; those before the channel's ArchivedBefore are dropped.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Done)
SELECT m.ChannelID, 21, m.Hour, m.Mark
FROM iot.DerivedMarks AS m
JOIN iot.Channels AS c ON c.ChannelID = m.ChannelID
WHERE m.ChannelID = {channel_id:Int64} AND m.Hour < c.ArchivedBefore;

SELECT m.Hour, m.Mark
FROM iot.DerivedMarks AS m
WHERE m.ChannelID = {channel_id:Int64}
ORDER BY m.Hour
LIMIT {limit:Int64};
