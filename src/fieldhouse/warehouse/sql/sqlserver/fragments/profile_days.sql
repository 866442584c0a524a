-- the level and the spread of each hour of the days, by the 28 days before: hours of the week shrink towards hours of
-- the day, these towards all hours, the more the fewer they are; but a light's dark hours are dark. Of a direction it is the mean
-- angle, and how far angles lie about it. Before that, where the last week lay, and the three before: #profiles, #weeks
SELECT
    k.ChannelID,
    k.Day,
    k.FieldNumber,
    DATEPART(HOUR, g.PeriodStart) AS Hour,
    DATEDIFF(DAY, g.PeriodStart, k.Day) AS DaysBefore,
    k.Nature,
    CASE WHEN DATEDIFF(DAY, g.PeriodStart, k.Day) % 7 = 0 THEN 1 ELSE 0 END AS IsOfWeekday,
    CASE WHEN k.Nature = 1 THEN v.Rise ELSE v.Mean END AS Level,
    CASE WHEN k.Nature = 1 THEN v.Rise * v.Rise ELSE COALESCE(v.Deviation * v.Deviation, 0) END AS Variance
INTO #hours
FROM (
    SELECT DISTINCT
        x.ChannelID,
        x.Day,
        CASE
            WHEN DATEDIFF(DAY, '0001-01-01', x.Day) >= 28 THEN DATEADD(DAY, -28, CAST(x.Day AS DATETIME2(6)))
            ELSE CAST('0001-01-01' AS DATETIME2(6))
        END AS StartAt
    FROM #knowledge AS x
    WHERE x.IsNew = 1
) AS w
JOIN iot.AggregatedData AS g WITH (FORCESEEK)
    ON g.ChannelID = w.ChannelID
        AND g.AggregationType = N'HOURLY'
        AND g.PeriodStart >= w.StartAt
        AND g.PeriodStart < CAST(w.Day AS DATETIME2(6))
CROSS APPLY ( VALUES
    -- each field
    (#, g.Field#Avg, g.Field#StdDev, CAST(g.Field#Max - g.Field#Min AS FLOAT) / NULLIF(g.Field#Count, 0)),
    -- end
    (0, NULL, NULL, NULL)
) AS v (FieldNumber, Mean, Deviation, Rise)
JOIN #knowledge AS k ON k.ChannelID = w.ChannelID AND k.Day = w.Day AND k.FieldNumber = v.FieldNumber
WHERE v.Mean IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM iot.AnomalyLabels AS l
        WHERE l.ChannelID = k.ChannelID
            AND l.FieldNumber = k.FieldNumber
            AND l.IsReal = 1
            AND l.Family IN (N'VALUE', N'STUCK', N'DRIFT')
            AND l.EndedAt >= g.PeriodStart
            AND l.StartedAt < DATEADD(HOUR, 1, g.PeriodStart)
    )
OPTION (RECOMPILE);
SELECT
    h.ChannelID,
    h.Day,
    h.FieldNumber,
    CASE WHEN h.DaysBefore <= 7 THEN 1 ELSE 0 END AS IsNear,
    AVG(h.Level) AS Level
INTO #day_levels
FROM #hours AS h
WHERE h.Nature = 0
GROUP BY h.ChannelID, h.Day, h.FieldNumber, h.DaysBefore;
SELECT
    r.ChannelID,
    r.Day,
    r.FieldNumber,
    AVG(CASE WHEN r.IsNear = 1 AND 2 * r.Place BETWEEN r.Days AND r.Days + 2 THEN r.Level END) AS Week,
    AVG(CASE WHEN r.IsNear = 0 AND 2 * r.Place BETWEEN r.Days AND r.Days + 2 THEN r.Level END) AS Older
INTO #week_levels
FROM (
    SELECT
        d.*,
        COUNT_BIG(*) OVER (PARTITION BY d.ChannelID, d.Day, d.FieldNumber, d.IsNear) AS Days,
        ROW_NUMBER() OVER (PARTITION BY d.ChannelID, d.Day, d.FieldNumber, d.IsNear ORDER BY d.Level) AS Place
    FROM #day_levels AS d
) AS r
GROUP BY r.ChannelID, r.Day, r.FieldNumber
HAVING SUM(r.IsNear) >= 5 AND SUM(1 - r.IsNear) >= 14;
SELECT
    r.ChannelID,
    r.Day,
    r.FieldNumber,
    MAX(r.Week) AS Week,
    MAX(r.Older) AS Older,
    1.4826 * AVG(CASE WHEN 2 * r.Place BETWEEN r.Days AND r.Days + 2 THEN r.Distance END) AS Spread
INTO #weeks
FROM (
    SELECT
        w.*,
        ABS(d.Level - w.Older) AS Distance,
        COUNT_BIG(*) OVER (PARTITION BY d.ChannelID, d.Day, d.FieldNumber) AS Days,
        ROW_NUMBER() OVER (
            PARTITION BY d.ChannelID, d.Day, d.FieldNumber
            ORDER BY ABS(d.Level - w.Older)
        ) AS Place
    FROM #week_levels AS w
    JOIN #day_levels AS d
        ON d.ChannelID = w.ChannelID AND d.Day = w.Day AND d.FieldNumber = w.FieldNumber AND d.IsNear = 0
) AS r
GROUP BY r.ChannelID, r.Day, r.FieldNumber;
SELECT
    s.ChannelID,
    s.Day,
    s.FieldNumber,
    p.Kind,
    CASE WHEN p.Kind = N'ALL' THEN 0 ELSE s.Hour END AS Hour,
    s.Level,
    s.Variance
INTO #placed
FROM #hours AS s
CROSS APPLY ( VALUES
    (N'ALL'),
    (N'DAY'),
    (N'WEEK')
) AS p (Kind)
WHERE p.Kind <> N'WEEK' OR s.IsOfWeekday = 1;
SELECT
    r.ChannelID,
    r.Day,
    r.FieldNumber,
    r.Kind,
    r.Hour,
    MAX(r.Hours) AS Hours,
    AVG(CASE WHEN 2 * r.LevelRank BETWEEN r.Hours AND r.Hours + 2 THEN r.Level END) AS Level,
    AVG(CASE WHEN 2 * r.VarianceRank BETWEEN r.Hours AND r.Hours + 2 THEN r.Variance END) AS Variance
INTO #middles
FROM (
    SELECT
        p.*,
        COUNT_BIG(*) OVER (PARTITION BY p.ChannelID, p.Day, p.FieldNumber, p.Kind, p.Hour) AS Hours,
        ROW_NUMBER() OVER (
            PARTITION BY p.ChannelID, p.Day, p.FieldNumber, p.Kind, p.Hour
            ORDER BY p.Level
        ) AS LevelRank,
        ROW_NUMBER() OVER (
            PARTITION BY p.ChannelID, p.Day, p.FieldNumber, p.Kind, p.Hour
            ORDER BY p.Variance
        ) AS VarianceRank
    FROM #placed AS p
) AS r
GROUP BY r.ChannelID, r.Day, r.FieldNumber, r.Kind, r.Hour;
SELECT
    r.ChannelID,
    r.Day,
    r.FieldNumber,
    r.Kind,
    r.Hour,
    MAX(r.Hours) AS Hours,
    MAX(r.Level) AS Level,
    AVG(CASE WHEN 2 * r.DistanceRank BETWEEN r.Hours AND r.Hours + 2 THEN r.Distance END) AS Distance,
    MAX(r.Variance) +
    0.5 *
    SQUARE(1.4826 * AVG(CASE WHEN 2 * r.DistanceRank BETWEEN r.Hours AND r.Hours + 2 THEN r.Distance END)) +
    0.5 * SQUARE(1.2533 * AVG(r.Distance)) AS Variance
INTO #spreads
FROM (
    SELECT
        m.*,
        ABS(p.Level - m.Level) AS Distance,
        ROW_NUMBER() OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Kind, m.Hour
            ORDER BY ABS(p.Level - m.Level)
        ) AS DistanceRank
    FROM #middles AS m
    JOIN #placed AS p
        ON p.ChannelID = m.ChannelID
            AND p.Day = m.Day
            AND p.FieldNumber = m.FieldNumber
            AND p.Kind = m.Kind
            AND p.Hour = m.Hour
) AS r
GROUP BY r.ChannelID, r.Day, r.FieldNumber, r.Kind, r.Hour;
CREATE TABLE #clock (
    Hour INT NOT NULL
);
INSERT INTO #clock (Hour)
SELECT h.Hour
FROM (VALUES
    (0),
    (1),
    (2),
    (3),
    (4),
    (5),
    (6),
    (7),
    (8),
    (9),
    (10),
    (11),
    (12),
    (13),
    (14),
    (15),
    (16),
    (17),
    (18),
    (19),
    (20),
    (21),
    (22),
    (23)
) AS h (Hour);
SELECT
    a.ChannelID,
    a.Day,
    a.FieldNumber,
    n.Hour,
    (COALESCE(d.Hours * d.Level, 0) + 3 * a.Level) / (COALESCE(d.Hours, 0) + 3) AS Level,
    (COALESCE(d.Hours * d.Variance, 0) + 3 * a.Variance) / (COALESCE(d.Hours, 0) + 3) AS Variance,
    CASE WHEN d.Hours >= 14 AND d.Level = 0 AND d.Distance = 0 THEN 1 ELSE 0 END AS IsDark,
    a.Variance AS OfAll
INTO #of_days
FROM #spreads AS a
CROSS JOIN #clock AS n
LEFT JOIN #spreads AS d
    ON d.Kind = N'DAY'
        AND d.ChannelID = a.ChannelID
        AND d.Day = a.Day
        AND d.FieldNumber = a.FieldNumber
        AND d.Hour = n.Hour
WHERE a.Kind = N'ALL';
SELECT
    d.ChannelID,
    d.Day,
    d.FieldNumber,
    d.Hour,
    CASE
        WHEN k.Nature = 5 THEN k.Angle
        WHEN k.Nature = 4 AND d.IsDark = 1 THEN 0
        ELSE (COALESCE(w.Hours * w.Level, 0) + 3 * d.Level) / (COALESCE(w.Hours, 0) + 3)
    END AS Level,
    CASE
        WHEN k.Nature = 5 THEN k.Angles
        WHEN k.Nature = 4 AND d.IsDark = 1 THEN SQRT(d.OfAll) / 20
        ELSE SQRT((COALESCE(w.Hours * w.Variance, 0) + 3 * d.Variance) / (COALESCE(w.Hours, 0) + 3))
    END AS Spread
INTO #profiles
FROM #of_days AS d
JOIN #knowledge AS k ON k.ChannelID = d.ChannelID AND k.Day = d.Day AND k.FieldNumber = d.FieldNumber
LEFT JOIN #spreads AS w
    ON w.Kind = N'WEEK'
        AND w.ChannelID = d.ChannelID
        AND w.Day = d.Day
        AND w.FieldNumber = d.FieldNumber
        AND w.Hour = d.Hour;
INSERT INTO #profiles (ChannelID, Day, FieldNumber, Hour, Level, Spread)
SELECT
    b.ChannelID,
    c.Day,
    b.FieldNumber,
    b.Item,
    MAX(CASE WHEN b.Measure = N'LEVEL' THEN b.Amount END),
    MAX(CASE WHEN b.Measure = N'SPREAD' THEN b.Amount END)
FROM #based AS b
JOIN #chained AS c ON c.ChannelID = b.ChannelID AND c.IsNew = 0
WHERE b.Measure IN (N'LEVEL', N'SPREAD')
GROUP BY b.ChannelID, c.Day, b.FieldNumber, b.Item;
