-- take_derived_hours(channel_id, limit): some hours whose derived readings are to be computed anew, the first ones,
-- those that somebody began with among them; those before the channel's ArchivedBefore are dropped. What is marked from
-- now on is another mark.
DELETE FROM iot.DerivedMarks AS m
USING iot.Channels AS c
WHERE m.ChannelID = $channel_id AND c.ChannelID = $channel_id AND m.Hour < c.ArchivedBefore;
UPDATE iot.DerivedMarks AS m
SET IsTaken = TRUE
WHERE
    m.ChannelID = $channel_id
    AND m.Hour IN (
        SELECT DISTINCT o.Hour FROM iot.DerivedMarks AS o WHERE o.ChannelID = $channel_id ORDER BY o.Hour LIMIT $limit
    );
SELECT DISTINCT m.Hour, 0::BIGINT AS Mark
FROM iot.DerivedMarks AS m
WHERE m.ChannelID = $channel_id AND m.IsTaken
ORDER BY m.Hour
LIMIT $limit;
