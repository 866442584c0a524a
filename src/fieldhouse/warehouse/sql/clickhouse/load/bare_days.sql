-- Which of these days have no reading of a channel, as its source sent them or as they count.
SELECT d.Day AS Day
FROM (SELECT arrayJoin({days:Array(Date32)}) AS Day) AS d
WHERE
    d.Day NOT IN (SELECT toDate32(r.CreatedAt) FROM iot.AllReadings AS r WHERE r.ChannelID = {channel_id:Int64})
    AND d.Day NOT IN (
        SELECT toDate32(c.CreatedAt) FROM iot.CorrectedReadings AS c WHERE c.ChannelID = {channel_id:Int64}
    );
