-- how far each value was, how much the last twenty-four leant to one side, and so the models, kept; what is of before
-- has the first of all days, and places from -1 down
SELECT
    v.ChannelID,
    v.FieldNumber,
    v.Place,
    v.Day,
    (
        CASE
            WHEN k.Nature = 1 THEN CASE WHEN v.Told >= v.Near THEN v.Told - v.Near END
            WHEN k.Nature = 5 AND v.Told >= 0 AND v.Told <= 360 THEN v.Told -
            360 * FLOOR((v.Told - p.Level + 180) / 360)
            ELSE v.Told
        END -
        p.Level
    ) /
    CASE WHEN p.Spread > 0.000000001 THEN p.Spread ELSE 0.000000001 END AS Deviation
INTO #measured
FROM #valued AS v
JOIN #knowledge AS k ON k.ChannelID = v.ChannelID AND k.Day = v.Day AND k.FieldNumber = v.FieldNumber
LEFT JOIN #profiles AS p
    ON p.ChannelID = v.ChannelID
        AND p.Day = v.Day
        AND p.FieldNumber = v.FieldNumber
        AND p.Hour = DATEPART(HOUR, v.CreatedAt);
INSERT INTO #measured (ChannelID, FieldNumber, Place, Day, Deviation)
SELECT b.ChannelID, b.FieldNumber, -b.Item, '0001-01-01', b.Amount FROM #based AS b WHERE b.Measure = N'LAST';
SELECT
    m.*,
    ABS(
        AVG(CASE WHEN ABS(m.Deviation) > 6 THEN 6 * SIGN(m.Deviation) ELSE m.Deviation END) OVER (
            PARTITION BY m.ChannelID, m.FieldNumber
            ORDER BY m.Place
            ROWS BETWEEN 23 PRECEDING AND CURRENT ROW
        )
    ) AS Lean
INTO #deviations
FROM #measured AS m;
SELECT d.ChannelID, d.FieldNumber, d.Day, b.Measure, b.Bin, CAST(COUNT_BIG(*) AS FLOAT) AS Readings
INTO #binned
FROM #deviations AS d
CROSS APPLY ( VALUES
    (
        N'FAR',
        CASE
            WHEN ABS(d.Deviation) > 65000 THEN 63
            ELSE CAST(FLOOR(ROUND(4 * LOG(1 + ABS(d.Deviation)) / LOG(2), 9)) AS INT)
        END
    ),
    (
        N'LEAN',
        CASE WHEN d.Lean > 65000 THEN 63 ELSE CAST(FLOOR(ROUND(4 * LOG(1 + d.Lean) / LOG(2), 9)) AS INT) END
    )
) AS b (Measure, Bin)
WHERE d.Deviation IS NOT NULL AND d.Place > 0
GROUP BY d.ChannelID, d.FieldNumber, d.Day, b.Measure, b.Bin;
INSERT INTO #binned (ChannelID, FieldNumber, Day, Measure, Bin, Readings)
SELECT b.ChannelID, b.FieldNumber, '0001-01-01', b.Measure, b.Item, b.Amount
FROM #based AS b
WHERE b.Measure IN (N'FAR', N'LEAN');

SELECT p.ChannelID, p.Day, v.Measure, p.Hour AS Item, p.FieldNumber, v.Amount
INTO #amounts
FROM #profiles AS p
CROSS APPLY ( VALUES
    (N'LEVEL', p.Level),
    (N'SPREAD', p.Spread)
) AS v (Measure, Amount);
INSERT INTO #amounts (ChannelID, Day, Measure, Item, FieldNumber, Amount)
SELECT c.ChannelID, c.Day, b.Measure, b.Bin, b.FieldNumber, SUM(b.Readings)
FROM #chained AS c
JOIN #binned AS b ON b.ChannelID = c.ChannelID AND b.Day < c.Day
WHERE c.IsNew = 1
GROUP BY c.ChannelID, c.Day, b.Measure, b.Bin, b.FieldNumber;
INSERT INTO #amounts (ChannelID, Day, Measure, Item, FieldNumber, Amount)
SELECT k.ChannelID, k.Day, N'KNOWN', v.Item, k.FieldNumber, v.Amount
FROM #knowledge AS k
LEFT JOIN #weeks AS w ON w.ChannelID = k.ChannelID AND w.Day = k.Day AND w.FieldNumber = k.FieldNumber
CROSS APPLY ( VALUES
    (0, k.Least),
    (1, k.Greatest),
    (2, k.Days),
    (3, k.Readings),
    (4, k.Ups),
    (5, k.Downs),
    (6, k.LongestRun),
    (7, k.Silences),
    (8, k.LastValue),
    (9, k.LastAt),
    (10, k.LastRunAt),
    (11, CAST(k.Nature AS FLOAT)),
    (12, k.GreatestRise),
    (13, k.LongestOther),
    (14, k.Zeros),
    (15, k.Ones),
    (16, k.Turns),
    (17, k.Step1),
    (18, k.Step2),
    (19, k.Step3),
    (20, k.Step4),
    (21, k.Sines),
    (22, k.Cosines),
    (23, w.Week),
    (24, w.Older),
    (25, w.Spread)
) AS v (Item, Amount);
-- from where to where what was found was said to be right
INSERT INTO #amounts (ChannelID, Day, Measure, Item, FieldNumber, Amount)
SELECT
    c.ChannelID,
    c.Day,
    N'KNOWN',
    CASE l.Family
        WHEN N'VALUE' THEN 26
        WHEN N'SILENCE' THEN 28
        WHEN N'FALL' THEN 30
        ELSE 32
    END +
    e.Place,
    f.FieldNumber,
    CASE WHEN e.Place = 0 THEN MIN(l.Low) ELSE MAX(l.High) END
FROM #chained AS c
JOIN iot.AnomalyLabels AS l
    ON l.ChannelID = c.ChannelID
        AND CAST(l.StartedAt AS DATE) < c.Day
        AND l.IsReal = 0
        AND l.Family <> N'STUCK'
JOIN (
    SELECT DISTINCT k.ChannelID, k.FieldNumber FROM #knowledge AS k
) AS f ON f.ChannelID = c.ChannelID AND l.FieldNumber IN (0, f.FieldNumber)
CROSS JOIN (VALUES
    (0),
    (1)
) AS e (Place)
GROUP BY c.ChannelID, c.Day, l.Family, f.FieldNumber, e.Place;
INSERT INTO #amounts (ChannelID, Day, Measure, Item, FieldNumber, Amount)
SELECT k.ChannelID, k.Day, N'LAST', n.Hour, k.FieldNumber, d.Deviation
FROM #knowledge AS k
JOIN #clock AS n ON n.Hour BETWEEN 1 AND 23
JOIN #deviations AS d
    ON d.ChannelID = k.ChannelID
        AND d.FieldNumber = k.FieldNumber
        AND d.Place = k.PlacesBefore + 1 - n.Hour - CASE WHEN k.PlacesBefore < n.Hour THEN 1 ELSE 0 END
WHERE k.IsNew = 1;
INSERT INTO iot.AnomalyModelsKept (
    ChannelID,
    Day,
    Measure,
    Item,
    Field# -- each field, comma between
)
SELECT
    s.ChannelID,
    s.Day,
    s.Measure,
    s.Item,
    MAX(CASE WHEN s.FieldNumber = # THEN s.Amount END) AS Field# -- each field, comma between
FROM #amounts AS s
JOIN #chained AS c ON c.ChannelID = s.ChannelID AND c.Day = s.Day AND c.IsNew = 1
WHERE s.Amount IS NOT NULL
GROUP BY s.ChannelID, s.Day, s.Measure, s.Item;
