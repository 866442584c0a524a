-- judge_epoch(channel_id, epoch): which older epochs this one shows again; within its span their readings are
-- superseded, those left out included, where it shows at least half of them, one for one where many share an
-- instant (a re-import); elsewhere only where this epoch shows a reading at the same instant. What the source
-- shows of older epochs beside its own is this epoch's too, and stays; it proves something once it has been
-- asked for again (nothing of it is due): then it is no leftover of a clear. So the epochs before this one are
-- compared anew: what was shown beside one that is over, and never asked for again, was left.
-- This asks for the re-imports, and which readings are otherwise than they were held; both are written at once.
WITH
-- include epoch_content
, span AS (
    SELECT c.InEpoch AS InEpoch, min(c.CreatedAt) AS FirstAt, max(c.CreatedAt) AS LastAt
    FROM content AS c
    WHERE c.InEpoch <= {epoch:Int32}
    GROUP BY c.InEpoch
    HAVING max(c.Epoch = c.InEpoch)
),
shown AS (
    SELECT c.InEpoch AS InEpoch, c.CreatedAt AS CreatedAt, count() AS Readings
    FROM content AS c
    WHERE c.IsConfirmed
    GROUP BY c.InEpoch, c.CreatedAt
),
own AS (
    SELECT c.InEpoch AS InEpoch, c.Epoch AS Epoch, c.EntryID AS EntryID, c.IsConfirmed AS IsConfirmed FROM content AS c
),
older AS (
    SELECT
        s.InEpoch AS InEpoch, o.InEpoch AS OlderEpoch, o.CreatedAt AS CreatedAt,
        any(s.FirstAt) AS FirstAt, any(s.LastAt) AS LastAt, count() AS Readings
    FROM (
        SELECT c.InEpoch AS InEpoch, c.Epoch AS Epoch, c.EntryID AS EntryID, c.CreatedAt AS CreatedAt
        FROM content AS c
        WHERE c.WithdrawnAt IS NULL
    ) AS o
    CROSS JOIN span AS s
    LEFT JOIN own AS b ON b.InEpoch = s.InEpoch AND b.Epoch = o.Epoch AND b.EntryID = o.EntryID
    WHERE o.InEpoch < s.InEpoch AND o.CreatedAt BETWEEN s.FirstAt AND s.LastAt AND ifNull(b.IsConfirmed, TRUE)
    GROUP BY s.InEpoch, o.InEpoch, o.CreatedAt
),
spanned AS (
    SELECT
        o.InEpoch AS InEpoch, o.OlderEpoch AS OlderEpoch, any(o.FirstAt) AS FirstAt, any(o.LastAt) AS LastAt,
        toInt64(sum(o.Readings)) AS Readings, toInt64(sum(least(o.Readings, ifNull(n.Readings, 0)))) AS ShownAgain
    FROM older AS o
    LEFT JOIN shown AS n ON n.InEpoch = o.InEpoch AND n.CreatedAt = o.CreatedAt
    GROUP BY o.InEpoch, o.OlderEpoch
)
SELECT groupArray((p.InEpoch, p.OlderEpoch, p.FirstAt, p.LastAt, p.Readings, p.ShownAgain)) AS Reimports
FROM spanned AS p
WHERE 2 * p.ShownAgain >= p.Readings;
