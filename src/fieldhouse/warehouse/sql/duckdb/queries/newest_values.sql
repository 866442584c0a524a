-- newest_values(channel_ids, as_of): each field's newest value of those before an instant and within a day of the
-- channel's newest reading, and when it was made.
WITH
lived AS (
    SELECT
        e.ChannelID,
        least(max(e.LastCreatedAt), coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))) AS NewestAt
    FROM iot.Epochs AS e
    WHERE list_contains($channel_ids::BIGINT[], e.ChannelID)
    GROUP BY e.ChannelID
)
SELECT
    r.ChannelID,
    -- each field
    arg_max(r.Field#, r.CreatedAt) AS Field#, max(r.CreatedAt) FILTER (r.Field# IS NOT NULL) AS Field#At,
    -- end
    max(r.CreatedAt) AS NewestAt
FROM lived AS l
JOIN iot.CurrentReadings AS r ON r.ChannelID = l.ChannelID
WHERE
    r.CreatedAt >= (SELECT min(m.NewestAt) FROM lived AS m) - INTERVAL 1 DAY
    AND r.CreatedAt >= l.NewestAt - INTERVAL 1 DAY
    AND r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
GROUP BY r.ChannelID
ORDER BY r.ChannelID;
