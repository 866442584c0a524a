-- reading_span(channel_id, as_of): the first and the newest reading that counts, archived ones too, of those before an
-- instant, and how many they are.
SELECT min(r.CreatedAt) AS FirstAt, max(r.CreatedAt) AS NewestAt, count(*) AS Readings
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = $channel_id AND NOT r.Superseded AND r.WithdrawnAt IS NULL AND r.CreatedAt < $as_of::TIMESTAMP;
