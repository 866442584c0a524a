-- model_of_day(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises.
SELECT
    m.Day AS Day, toInt32(Place - 1) AS Hour, m.Levels[Place] AS Level, m.Spreads[Place] AS Spread,
    m.IsCounter AS IsCounter
FROM (
    SELECT f.Day, f.Levels, f.Spreads, f.IsCounter
    FROM iot.FieldModels AS f
    WHERE
        f.ChannelID = {channel_id:Int64} AND f.FieldNumber = {field_number:Int32} AND f.Day <= {day:Date32}
        AND notEmpty(f.Levels)
    ORDER BY f.Day DESC
    LIMIT 1
) AS m
ARRAY JOIN arrayEnumerate(m.Levels) AS Place
ORDER BY Hour;
