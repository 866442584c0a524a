-- Of the readings of one channel at one instant, the newest epoch's count; whichever came first.
UPDATE iot.SensorReadings AS r
SET Superseded = TRUE
FROM (
    SELECT s.ChannelID, s.CreatedAt, max(s.Epoch) AS Epoch
    FROM iot.SensorReadings AS s
    WHERE
        s.ChannelID BETWEEN $first_channel AND $last_channel
        AND s.CreatedAt BETWEEN $first_at AND $last_at
        AND (s.ChannelID, s.CreatedAt) IN (SELECT (t.ChannelID, t.CreatedAt) FROM touched AS t)
    GROUP BY s.ChannelID, s.CreatedAt
) AS newest
WHERE
    r.ChannelID = newest.ChannelID AND r.CreatedAt = newest.CreatedAt AND r.Epoch < newest.Epoch
    AND NOT r.Superseded
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.CreatedAt BETWEEN $first_at AND $last_at;
