-- model_of_day(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises, of a
-- direction its mean angle. Nature: a counter 1, sparse 2, a switch 3, a light 4, a direction 5, none 0.
SELECT
    m.Day AS Day, toInt32(Place - 1) AS Hour, m.Levels[Place] AS Level, m.Spreads[Place] AS Spread,
    toInt32(m.Nature) AS Nature
FROM (
    SELECT f.Day, f.Levels, f.Spreads, f.Nature
    FROM iot.FieldModels AS f
    WHERE
        f.ChannelID = {channel_id:Int64} AND f.FieldNumber = {field_number:Int32} AND f.Day <= {day:Date32}
        AND notEmpty(f.Levels)
    ORDER BY f.Day DESC
    LIMIT 1
) AS m
ARRAY JOIN arrayEnumerate(m.Levels) AS Place
ORDER BY Hour;
