-- lives(channel_id): the epochs of a channel, what proved each, their spans, and what of them counts.
WITH
held AS (
    SELECT
        r.Epoch, count() AS Readings, countIf(r.Superseded) AS Superseded,
        countIf(r.WithdrawnAt IS NOT NULL) AS Withdrawn
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = {channel_id:Int64}
    GROUP BY r.Epoch
),
disputed AS (
    SELECT d.Epoch, countIf(d.State = 'open') AS Disputed, countIf(d.State = 'kept') AS Kept
    FROM iot.Disputes AS d
    WHERE d.ChannelID = {channel_id:Int64}
    GROUP BY d.Epoch
),
missing AS (
    SELECT
        g.Epoch,
        sumIf(g.LastEntryID - g.FirstEntryID + 1, g.State = 'open') AS OpenIDs,
        sumIf(g.LastEntryID - g.FirstEntryID + 1, g.State = 'absent') AS AbsentIDs,
        sumIf(g.LastEntryID - g.FirstEntryID + 1, g.State = 'older') AS OlderIDs
    FROM iot.Gaps AS g
    WHERE g.ChannelID = {channel_id:Int64}
    GROUP BY g.Epoch
)
SELECT
    e.Epoch AS Epoch, e.StartedAt, e.Evidence, e.FirstCreatedAt, e.LastCreatedAt, e.LastEntryID, e.HighestEntryID,
    coalesce(h.Readings, 0) AS Readings, coalesce(h.Superseded, 0) AS Superseded,
    coalesce(h.Withdrawn, 0) AS Withdrawn, coalesce(d.Disputed, 0) AS Disputed, coalesce(d.Kept, 0) AS Kept,
    coalesce(m.OpenIDs, 0) AS OpenIDs, coalesce(m.AbsentIDs, 0) AS AbsentIDs, coalesce(m.OlderIDs, 0) AS OlderIDs
FROM iot.Epochs AS e
LEFT JOIN held AS h ON h.Epoch = e.Epoch
LEFT JOIN disputed AS d ON d.Epoch = e.Epoch
LEFT JOIN missing AS m ON m.Epoch = e.Epoch
WHERE e.ChannelID = {channel_id:Int64}
ORDER BY e.Epoch;
