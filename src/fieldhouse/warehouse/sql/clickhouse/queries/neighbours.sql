-- neighbours(channel_id, epoch, first_at, last_at, distance): the readings of an epoch around a span, the
-- distance-th and the one beyond it on each side; of those that are neither withdrawn nor in dispute. Where
-- there are fewer, the farthest two.
WITH
counting AS (
    SELECT r.EntryID, r.CreatedAt
    FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64} AND r.Epoch = {epoch:Int64} AND r.WithdrawnAt IS NULL
        AND r.EntryID NOT IN (
            SELECT d.EntryID FROM iot.Disputes AS d
            WHERE d.ChannelID = {channel_id:Int64} AND d.Epoch = {epoch:Int64}
        )
)
SELECT n.Side, n.EntryID, n.CreatedAt, n.Place
FROM (
    SELECT
        'before' AS Side, c.EntryID, c.CreatedAt,
        row_number() OVER (ORDER BY c.CreatedAt DESC, c.EntryID DESC) AS Place
    FROM counting AS c
    WHERE c.CreatedAt < {first_at:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT 'after', c.EntryID, c.CreatedAt, row_number() OVER (ORDER BY c.CreatedAt, c.EntryID)
    FROM counting AS c
    WHERE c.CreatedAt > {last_at:DateTime64(6, 'UTC')}
) AS n
WHERE n.Place <= {distance:Int64} + 1
QUALIFY row_number() OVER (PARTITION BY n.Side ORDER BY n.Place DESC) <= 2
ORDER BY n.Side, n.Place;
