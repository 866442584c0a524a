-- neighbours(channel_id, epoch, first_at, last_at, distance): the readings of an epoch around a span, the
-- distance-th and the one beyond it on each side; of those that are neither withdrawn nor in dispute. Where
-- there are fewer, the farthest two.
WITH
counting AS (
    SELECT r.EntryID, r.CreatedAt
    FROM iot.AllReadings AS r
    ANTI JOIN iot.Disputes AS d ON d.ChannelID = r.ChannelID AND d.Epoch = r.Epoch AND d.EntryID = r.EntryID
    WHERE r.ChannelID = $channel_id AND r.Epoch = $epoch AND r.WithdrawnAt IS NULL
)
SELECT n.Side, n.EntryID, n.CreatedAt, n.Place
FROM (
    SELECT
        'before' AS Side, c.EntryID, c.CreatedAt,
        row_number() OVER (ORDER BY c.CreatedAt DESC, c.EntryID DESC) AS Place
    FROM counting AS c
    WHERE c.CreatedAt < $first_at::TIMESTAMP
    UNION ALL
    SELECT 'after', c.EntryID, c.CreatedAt, row_number() OVER (ORDER BY c.CreatedAt, c.EntryID)
    FROM counting AS c
    WHERE c.CreatedAt > $last_at::TIMESTAMP
) AS n
WHERE n.Place <= $distance::BIGINT + 1
QUALIFY row_number() OVER (PARTITION BY n.Side ORDER BY n.Place DESC) <= 2
ORDER BY n.Side, n.Place;
