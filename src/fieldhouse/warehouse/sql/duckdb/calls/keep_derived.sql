-- keep_derived(channel_id, start_at, end_at, hours, marks, readings): put the derived readings of [start_at, end_at) in
-- the place of those that are held, as far as they differ, and mark their periods; how many differed. The hours, as
-- take_derived_hours gave them, are done.
CREATE OR REPLACE TEMP TABLE held AS
SELECT
    r.ReadingID, r.Epoch, r.EntryID, r.CreatedAt,
    r.Field# -- each field, comma between
FROM iot.SensorReadings AS r
WHERE
    r.ChannelID = $channel_id
    AND (
        (r.CreatedAt >= $start_at::TIMESTAMP AND r.CreatedAt < $end_at::TIMESTAMP)
        -- one whose time was another until now
        OR (r.Epoch, r.EntryID) IN (SELECT (d.Epoch, d.EntryID) FROM readings AS d)
    );

CREATE OR REPLACE TEMP TABLE gone AS
SELECT h.ReadingID, h.CreatedAt
FROM held AS h
LEFT JOIN readings AS d
    ON d.Epoch = h.Epoch AND d.EntryID = h.EntryID AND d.CreatedAt = h.CreatedAt
    AND (
        d.Field# IS NOT DISTINCT FROM h.Field# -- each field, AND between
    )
WHERE d.EntryID IS NULL;
CREATE OR REPLACE TEMP TABLE added AS
SELECT d.*
FROM readings AS d
LEFT JOIN held AS h
    ON h.Epoch = d.Epoch AND h.EntryID = d.EntryID AND h.CreatedAt = d.CreatedAt
    AND (
        h.Field# IS NOT DISTINCT FROM d.Field# -- each field, AND between
    )
WHERE h.EntryID IS NULL;

DELETE FROM iot.SensorReadings AS r
USING gone AS g
WHERE r.ChannelID = $channel_id AND r.ReadingID = g.ReadingID;
INSERT INTO iot.SensorReadings (
    ChannelID, Epoch, EntryID, CreatedAt,
    Field# -- each field, comma between
)
SELECT
    $channel_id, a.Epoch, a.EntryID, a.CreatedAt,
    a.Field# -- each field, comma between
FROM added AS a
ORDER BY a.CreatedAt, a.Epoch, a.EntryID;

INSERT INTO iot.Epochs (ChannelID, Epoch)
SELECT DISTINCT $channel_id::BIGINT, a.Epoch FROM added AS a
ON CONFLICT DO NOTHING;
UPDATE iot.Epochs AS e
SET
    LowestEntryID = least(e.LowestEntryID, a.LowestEntryID),
    HighestEntryID = greatest(e.HighestEntryID, a.HighestEntryID),
    FirstCreatedAt = least(e.FirstCreatedAt, a.FirstCreatedAt),
    LastCreatedAt = greatest(e.LastCreatedAt, a.LastCreatedAt),
    NewestEntryID = CASE
        WHEN a.NewestCreatedAt >= e.NewestCreatedAt OR e.NewestCreatedAt IS NULL THEN a.NewestEntryID
        ELSE e.NewestEntryID
    END,
    NewestCreatedAt = greatest(e.NewestCreatedAt, a.NewestCreatedAt)
FROM (
    SELECT
        d.Epoch, min(d.EntryID) AS LowestEntryID, max(d.EntryID) AS HighestEntryID,
        min(d.CreatedAt) AS FirstCreatedAt, max(d.CreatedAt) AS LastCreatedAt,
        arg_max(d.EntryID, d.CreatedAt) FILTER (
            d.CreatedAt < make_timestamp(epoch_us(now())) + INTERVAL 1 DAY
        ) AS NewestEntryID,
        max(d.CreatedAt) FILTER (
            d.CreatedAt < make_timestamp(epoch_us(now())) + INTERVAL 1 DAY
        ) AS NewestCreatedAt
    FROM added AS d
    GROUP BY d.Epoch
) AS a
WHERE e.ChannelID = $channel_id AND e.Epoch = a.Epoch;

INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT $channel_id::BIGINT, k.Kind, date_trunc(k.Unit, c.CreatedAt)
FROM (SELECT g.CreatedAt FROM gone AS g UNION ALL SELECT a.CreatedAt FROM added AS a) AS c
CROSS JOIN (
    VALUES ('HOURLY', 'hour'), ('DAILY', 'day'), ('WEEKLY', 'week'), ('QUALITY', 'day')
) AS k (Kind, Unit);

DELETE FROM iot.DerivedMarks AS m
WHERE
    m.ChannelID = $channel_id AND m.IsTaken
    AND list_contains($hours::TIMESTAMP[], m.Hour) AND len($marks::BIGINT[]) = len($hours::TIMESTAMP[]);
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM added) AS Changed;
