-- How many of the offered readings are held, how many of these with another time, and some of them.
SELECT
    count(*) AS Held,
    count(*) FILTER (r.CreatedAt <> o.CreatedAt) AS Moved,
    min((o.ChannelID, o.EntryID, o.CreatedAt, r.CreatedAt), 20) FILTER (r.CreatedAt <> o.CreatedAt) AS FirstMoved
FROM offered AS o
JOIN iot.AllReadings AS r
    ON r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
WHERE
    r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry;
