-- readings(channel_id, start_at, end_at): the readings that count, archived ones too, in the order of
-- time; NULL is open.
SELECT r.*
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = $channel_id AND NOT r.Superseded AND r.WithdrawnAt IS NULL
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
ORDER BY r.CreatedAt, r.Epoch, r.EntryID;
