-- judge_epoch(channel_id, epoch): which older epochs this one shows again; within its span their readings are
-- superseded, those left out included, where it shows at least half of them (a re-import); elsewhere only
-- where this epoch has a reading at the same instant. What the source shows as theirs stays; it proves
-- something once it has been asked for again (nothing of it is due): then it is no leftover of a clear.
CREATE OR REPLACE TEMP TABLE spanned AS
WITH
own AS (
    SELECT r.CreatedAt FROM iot.AllReadings AS r WHERE r.ChannelID = $channel_id AND r.Epoch = $epoch
),
runs AS (
    SELECT g.FirstEntryID, g.LastEntryID, g.DueAt IS NULL AS IsConfirmed FROM iot.Gaps AS g
    WHERE g.ChannelID = $channel_id AND g.Epoch = $epoch AND g.State = 'older'
),
older AS (
    SELECT
        r.Epoch, r.CreatedAt,
        EXISTS (
            SELECT 1 FROM runs AS g WHERE r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
        ) AS IsTheirs,
        EXISTS (
            SELECT 1 FROM runs AS g WHERE g.IsConfirmed AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
        ) AS IsConfirmed
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = $channel_id AND r.Epoch < $epoch AND r.WithdrawnAt IS NULL
),
span AS (
    SELECT min(s.CreatedAt) AS FirstAt, max(s.CreatedAt) AS LastAt
    FROM (SELECT o.CreatedAt FROM own AS o UNION ALL SELECT o.CreatedAt FROM older AS o WHERE o.IsTheirs) AS s
    WHERE EXISTS (SELECT 1 FROM own)
)
SELECT
    o.Epoch AS OlderEpoch, any_value(s.FirstAt) AS FirstAt, any_value(s.LastAt) AS LastAt,
    count(*) AS Readings,
    count(*) FILTER (o.IsConfirmed OR o.CreatedAt IN (SELECT n.CreatedAt FROM own AS n)) AS ShownAgain
FROM older AS o
JOIN span AS s ON o.CreatedAt BETWEEN s.FirstAt AND s.LastAt
WHERE o.IsConfirmed OR NOT o.IsTheirs
GROUP BY o.Epoch;

SET VARIABLE first_at = (
    SELECT min(s.FirstAt) FROM (
        SELECT p.FirstAt FROM spanned AS p
        UNION ALL
        SELECT m.SpanStart FROM iot.Reimports AS m WHERE m.ChannelID = $channel_id AND m.Epoch = $epoch
    ) AS s
);
SET VARIABLE last_at = (
    SELECT max(s.LastAt) FROM (
        SELECT p.LastAt FROM spanned AS p
        UNION ALL
        SELECT m.SpanEnd FROM iot.Reimports AS m WHERE m.ChannelID = $channel_id AND m.Epoch = $epoch
    ) AS s
);

DELETE FROM iot.Reimports AS m WHERE m.ChannelID = $channel_id AND m.Epoch = $epoch;
INSERT INTO iot.Reimports (ChannelID, Epoch, OlderEpoch, SpanStart, SpanEnd, OlderReadings, ShownAgain)
SELECT $channel_id, $epoch, p.OlderEpoch, p.FirstAt, p.LastAt, p.Readings, p.ShownAgain
FROM spanned AS p
WHERE 2 * p.ShownAgain >= p.Readings;

CREATE OR REPLACE TEMP TABLE changed AS
WITH
theirs AS (
    SELECT g.Epoch, g.FirstEntryID, g.LastEntryID FROM iot.Gaps AS g
    WHERE g.ChannelID = $channel_id AND g.State = 'older'
),
within AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt BETWEEN getvariable('first_at') AND getvariable('last_at')
),
overlaid AS (
    SELECT r.Epoch, r.EntryID, m.Epoch AS NewerEpoch
    FROM within AS r
    JOIN iot.Reimports AS m
        ON m.OlderEpoch = r.Epoch AND r.CreatedAt BETWEEN m.SpanStart AND m.SpanEnd
    WHERE m.ChannelID = $channel_id
    UNION
    SELECT r.Epoch, r.EntryID, n.Epoch
    FROM within AS r
    JOIN within AS n ON n.CreatedAt = r.CreatedAt AND n.Epoch > r.Epoch
),
replaced AS (
    SELECT DISTINCT o.Epoch, o.EntryID
    FROM overlaid AS o
    WHERE NOT EXISTS (
        SELECT 1 FROM theirs AS g
        WHERE g.Epoch = o.NewerEpoch AND o.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
    )
)
SELECT r.Epoch, r.EntryID, r.CreatedAt, NOT r.Superseded AS Superseded
FROM iot.AllReadings AS r
LEFT JOIN replaced AS p ON p.Epoch = r.Epoch AND p.EntryID = r.EntryID
WHERE
    r.ChannelID = $channel_id AND r.Epoch < $epoch
    AND r.CreatedAt BETWEEN getvariable('first_at') AND getvariable('last_at')
    AND r.Superseded <> (p.EntryID IS NOT NULL);

UPDATE iot.SensorReadings AS r
SET Superseded = c.Superseded
FROM changed AS c
WHERE r.ChannelID = $channel_id AND r.Epoch = c.Epoch AND r.EntryID = c.EntryID;
UPDATE iot.SensorReadings_Archive AS r
SET Superseded = c.Superseded
FROM changed AS c
WHERE r.ChannelID = $channel_id AND r.Epoch = c.Epoch AND r.EntryID = c.EntryID;

-- include marks_of_changed

SELECT count(*) FILTER (c.Superseded) AS Superseded, count(*) FILTER (NOT c.Superseded) AS Restored
FROM changed AS c;
