-- newest_values(channel_ids, as_of): each field's newest value of those before an instant and within a day of the
-- channel's newest reading, and when it was made.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
lived AS (
    SELECT e.ChannelID, least(max(e.LastCreatedAt), instant) AS NewestAt
    FROM iot.Epochs AS e
    WHERE has({channel_ids:Array(Nullable(Int64))}, e.ChannelID)
    GROUP BY e.ChannelID
)
SELECT
    r.ChannelID,
    -- each field
    argMax(r.Field#, r.CreatedAt) AS Field#, maxOrNullIf(r.CreatedAt, r.Field# IS NOT NULL) AS Field#At,
    -- end
    max(r.CreatedAt) AS NewestAt
FROM iot.CurrentReadings AS r
JOIN lived AS l ON l.ChannelID = r.ChannelID
WHERE
    has({channel_ids:Array(Nullable(Int64))}, r.ChannelID)
    AND r.CreatedAt >= (SELECT min(m.NewestAt) FROM lived AS m) - INTERVAL 1 DAY
    AND r.CreatedAt >= l.NewestAt - INTERVAL 1 DAY
    AND r.CreatedAt < instant
GROUP BY r.ChannelID
ORDER BY r.ChannelID;
