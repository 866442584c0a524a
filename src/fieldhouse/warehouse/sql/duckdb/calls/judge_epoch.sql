-- judge_epoch(channel_id, epoch): which older epochs this one shows again; within its span their readings are
-- superseded, those left out included, where it shows at least half of them, one for one where many share an
-- instant (a re-import); elsewhere only where this epoch shows a reading at the same instant. What the source
-- shows of older epochs beside its own is this epoch's too, and stays; it proves something once it has been
-- asked for again (nothing of it is due): then it is no leftover of a clear. So the epochs before this one are
-- compared anew: what was shown beside one that is over, and never asked for again, was left.
CREATE OR REPLACE TEMP TABLE beside AS
SELECT
    g.Epoch AS InEpoch, r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt,
    bool_or(g.DueAt IS NULL) OVER (PARTITION BY r.Epoch, r.EntryID) AS IsEverConfirmed,
    g.DueAt IS NULL AS IsConfirmed
FROM iot.Gaps AS g
JOIN iot.AllReadings AS r
    ON r.ChannelID = g.ChannelID AND r.Epoch = g.OlderEpoch
    AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
WHERE g.ChannelID = $channel_id AND g.State = 'older';

-- what each epoch shows: its own readings, and those of older ones that the source shows beside them
CREATE OR REPLACE TEMP TABLE content AS
SELECT r.Epoch AS InEpoch, r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt, TRUE AS IsConfirmed
FROM iot.AllReadings AS r
WHERE r.ChannelID = $channel_id
UNION ALL
SELECT b.InEpoch, b.Epoch, b.EntryID, b.CreatedAt, b.WithdrawnAt, b.IsConfirmed OR b.InEpoch <> $epoch
FROM beside AS b
WHERE b.InEpoch = $epoch OR b.IsEverConfirmed;

CREATE OR REPLACE TEMP TABLE spanned AS
WITH
span AS (
    SELECT c.InEpoch, min(c.CreatedAt) AS FirstAt, max(c.CreatedAt) AS LastAt
    FROM content AS c
    WHERE c.InEpoch <= $epoch
    GROUP BY c.InEpoch
    HAVING bool_or(c.Epoch = c.InEpoch)
),
shown AS (
    SELECT c.InEpoch, c.CreatedAt, count(*) AS Readings
    FROM content AS c
    WHERE c.IsConfirmed
    GROUP BY c.InEpoch, c.CreatedAt
),
older AS (
    SELECT
        s.InEpoch, o.InEpoch AS OlderEpoch, o.CreatedAt, s.FirstAt, s.LastAt, count(*) AS Readings
    FROM content AS o
    JOIN span AS s ON o.InEpoch < s.InEpoch AND o.CreatedAt BETWEEN s.FirstAt AND s.LastAt
    LEFT JOIN content AS b ON b.InEpoch = s.InEpoch AND b.Epoch = o.Epoch AND b.EntryID = o.EntryID
    WHERE o.WithdrawnAt IS NULL AND coalesce(b.IsConfirmed, TRUE)
    GROUP BY s.InEpoch, o.InEpoch, o.CreatedAt, s.FirstAt, s.LastAt
)
SELECT
    o.InEpoch AS Epoch, o.OlderEpoch, o.FirstAt, o.LastAt,
    sum(o.Readings) AS Readings, sum(least(o.Readings, coalesce(n.Readings, 0))) AS ShownAgain
FROM older AS o
LEFT JOIN shown AS n ON n.InEpoch = o.InEpoch AND n.CreatedAt = o.CreatedAt
GROUP BY o.InEpoch, o.OlderEpoch, o.FirstAt, o.LastAt;

DELETE FROM iot.Reimports AS m WHERE m.ChannelID = $channel_id AND m.Epoch <= $epoch;
INSERT INTO iot.Reimports (ChannelID, Epoch, OlderEpoch, SpanStart, SpanEnd, OlderReadings, ShownAgain)
SELECT $channel_id, p.Epoch, p.OlderEpoch, p.FirstAt, p.LastAt, p.Readings, p.ShownAgain
FROM spanned AS p
WHERE 2 * p.ShownAgain >= p.Readings;

-- a reading's place is taken by epochs after the one that showed it last
CREATE OR REPLACE TEMP TABLE changed AS
WITH
last_shown AS (
    SELECT c.Epoch, c.EntryID, any_value(c.CreatedAt) AS CreatedAt, max(c.InEpoch) AS InEpoch
    FROM content AS c
    GROUP BY c.Epoch, c.EntryID
),
newest_at AS (
    SELECT c.CreatedAt, max(c.InEpoch) AS InEpoch FROM content AS c GROUP BY c.CreatedAt
),
judged AS (
    SELECT
        l.Epoch, l.EntryID,
        n.InEpoch > l.InEpoch OR EXISTS (
            SELECT 1 FROM iot.Reimports AS m
            WHERE
                m.ChannelID = $channel_id AND m.OlderEpoch = l.InEpoch
                AND l.CreatedAt BETWEEN m.SpanStart AND m.SpanEnd
        ) AS IsReplaced
    FROM last_shown AS l
    JOIN newest_at AS n ON n.CreatedAt = l.CreatedAt
)
SELECT r.Epoch, r.EntryID, r.CreatedAt, j.IsReplaced AS Superseded
FROM iot.AllReadings AS r
JOIN judged AS j ON j.Epoch = r.Epoch AND j.EntryID = r.EntryID
WHERE r.ChannelID = $channel_id AND r.Epoch < $epoch AND r.Superseded <> j.IsReplaced;

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
