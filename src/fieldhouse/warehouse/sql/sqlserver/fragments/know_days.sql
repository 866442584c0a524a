-- what each day tells of a field: #days
SELECT
    v.ChannelID,
    v.Day,
    v.FieldNumber,
    MIN(v.Told) AS Least,
    MAX(v.Told) AS Greatest,
    COUNT_BIG(v.Told) AS Readings,
    SUM(CASE WHEN v.Told > v.Before THEN 1 ELSE 0 END) AS Ups,
    SUM(CASE WHEN v.Told < v.Before THEN 1 ELSE 0 END) AS Downs,
    MAX(v.StayedFor) AS LongestRun,
    MAX(CASE WHEN v.Before <> 0 THEN v.StayedFor END) AS LongestOther,
    MAX(CASE WHEN v.Told >= v.Near THEN v.Told - v.Near END) AS GreatestRise,
    MAX(ABS(v.Told - v.Near)) AS Step,
    SUM(CASE WHEN v.Told = 0 THEN 1 ELSE 0 END) AS Zeros,
    SUM(CASE WHEN v.Told = 1 THEN 1 ELSE 0 END) AS Ones,
    SUM(CASE WHEN ABS(v.Told - v.Before) > 180 THEN 1 ELSE 0 END) AS Turns,
    SUM(SIN(RADIANS(v.Told))) AS Sines,
    SUM(COS(RADIANS(v.Told))) AS Cosines,
    SUM(
        CASE WHEN v.At - v.BeforeAt > 3600 AND v.At - v.BeforeAt > 20 * 86400.0 / v.OfDay THEN 1 ELSE 0 END
    ) AS Silences,
    MAX(v.Place) AS LastPlace
INTO #days
FROM #valued AS v
GROUP BY v.ChannelID, v.Day, v.FieldNumber;
-- what is known before each day, item by item of its model: the least, the greatest or the sum of what the days before
-- told, and of what was known before all of them, which has no day. 99 is the place of the last reading: #sums
SELECT
    t.ChannelID,
    t.Day,
    t.IsNew,
    t.FieldNumber,
    t.Item,
    CASE
        WHEN t.Item = 0 THEN MIN(t.Amount) OVER (
            PARTITION BY t.ChannelID, t.FieldNumber, t.Item
            ORDER BY t.Number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
        WHEN t.Item IN (1, 6, 12, 13, 99) THEN MAX(t.Amount) OVER (
            PARTITION BY t.ChannelID, t.FieldNumber, t.Item
            ORDER BY t.Number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
        ELSE COALESCE(
            SUM(t.Amount) OVER (
                PARTITION BY t.ChannelID, t.FieldNumber, t.Item
                ORDER BY t.Number
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        )
    END AS Amount
INTO #sums
FROM (
    SELECT
        c.ChannelID,
        c.Day,
        c.IsNew,
        DATEDIFF(DAY, '0001-01-01', c.Day) AS Number,
        f.FieldNumber,
        v.Item,
        v.Amount
    FROM #chained AS c
    JOIN (
        SELECT x.ChannelID, x.FieldNumber FROM #days AS x
        UNION
        SELECT b.ChannelID, b.FieldNumber FROM #begun AS b
    ) AS f ON f.ChannelID = c.ChannelID
    LEFT JOIN #days AS d ON d.ChannelID = c.ChannelID AND d.Day = c.Day AND d.FieldNumber = f.FieldNumber
    CROSS APPLY ( VALUES
        (0, d.Least),
        (1, d.Greatest),
        (2, CASE WHEN d.Readings IS NULL THEN 0.0E0 ELSE 1.0E0 END),
        (3, CAST(d.Readings AS FLOAT)),
        (4, CAST(d.Ups AS FLOAT)),
        (5, CAST(d.Downs AS FLOAT)),
        (6, d.LongestRun),
        (7, CAST(d.Silences AS FLOAT)),
        (12, d.GreatestRise),
        (13, d.LongestOther),
        (14, CAST(d.Zeros AS FLOAT)),
        (15, CAST(d.Ones AS FLOAT)),
        (16, CAST(d.Turns AS FLOAT)),
        (21, d.Sines),
        (22, d.Cosines),
        (99, CAST(d.LastPlace AS FLOAT))
    ) AS v (Item, Amount)
    UNION ALL
    SELECT b.ChannelID, NULL, 0, -1, b.FieldNumber, b.Item, b.Amount
    FROM #based AS b
    WHERE b.Measure = N'KNOWN'
) AS t;
-- the four greatest of the days' greatest steps
SELECT
    x.ChannelID,
    x.Day,
    x.FieldNumber,
    MAX(CASE WHEN x.Place = 1 THEN x.Step END) AS Step1,
    MAX(CASE WHEN x.Place = 2 THEN x.Step END) AS Step2,
    MAX(CASE WHEN x.Place = 3 THEN x.Step END) AS Step3,
    MAX(CASE WHEN x.Place = 4 THEN x.Step END) AS Step4
INTO #steps
FROM (
    SELECT
        s.ChannelID,
        s.Day,
        s.FieldNumber,
        e.Step,
        ROW_NUMBER() OVER (PARTITION BY s.ChannelID, s.Day, s.FieldNumber ORDER BY e.Step DESC) AS Place
    FROM #sums AS s
    JOIN (
        SELECT d.ChannelID, d.Day, d.FieldNumber, d.Step FROM #days AS d WHERE d.Step IS NOT NULL
        UNION ALL
        SELECT b.ChannelID, NULL, b.FieldNumber, b.Amount
        FROM #based AS b
        WHERE b.Measure = N'KNOWN' AND b.Item BETWEEN 17 AND 20
    ) AS e ON e.ChannelID = s.ChannelID AND e.FieldNumber = s.FieldNumber AND (e.Day IS NULL OR e.Day < s.Day)
    WHERE s.Item = 0 AND s.Day IS NOT NULL
) AS x
WHERE x.Place <= 4
GROUP BY x.ChannelID, x.Day, x.FieldNumber;
SELECT
    s.*,
    COALESCE(v.Amount, b.LastValue) AS LastValue,
    COALESCE(v.At, b.LastAt) AS LastAt,
    COALESCE(v.RunAt, b.LastRunAt) AS LastRunAt,
    t.Step1,
    t.Step2,
    t.Step3,
    t.Step4
INTO #known_before
FROM (
    SELECT
        x.ChannelID,
        x.Day,
        x.IsNew,
        x.FieldNumber,
        MAX(CASE WHEN x.Item = 0 THEN x.Amount END) AS Least,
        MAX(CASE WHEN x.Item = 1 THEN x.Amount END) AS Greatest,
        MAX(CASE WHEN x.Item = 2 THEN x.Amount END) AS Days,
        MAX(CASE WHEN x.Item = 3 THEN x.Amount END) AS Readings,
        MAX(CASE WHEN x.Item = 4 THEN x.Amount END) AS Ups,
        MAX(CASE WHEN x.Item = 5 THEN x.Amount END) AS Downs,
        MAX(CASE WHEN x.Item = 6 THEN x.Amount END) AS LongestRun,
        MAX(CASE WHEN x.Item = 7 THEN x.Amount END) AS Silences,
        MAX(CASE WHEN x.Item = 12 THEN x.Amount END) AS GreatestRise,
        MAX(CASE WHEN x.Item = 13 THEN x.Amount END) AS LongestOther,
        MAX(CASE WHEN x.Item = 14 THEN x.Amount END) AS Zeros,
        MAX(CASE WHEN x.Item = 15 THEN x.Amount END) AS Ones,
        MAX(CASE WHEN x.Item = 16 THEN x.Amount END) AS Turns,
        MAX(CASE WHEN x.Item = 21 THEN x.Amount END) AS Sines,
        MAX(CASE WHEN x.Item = 22 THEN x.Amount END) AS Cosines,
        COALESCE(MAX(CASE WHEN x.Item = 99 THEN x.Amount END), 0) AS PlacesBefore
    FROM #sums AS x
    WHERE x.Day IS NOT NULL
    GROUP BY x.ChannelID, x.Day, x.IsNew, x.FieldNumber
) AS s
LEFT JOIN #begun AS b ON b.ChannelID = s.ChannelID AND b.FieldNumber = s.FieldNumber
LEFT JOIN #steps AS t ON t.ChannelID = s.ChannelID AND t.Day = s.Day AND t.FieldNumber = s.FieldNumber
LEFT JOIN #valued AS v
    ON v.ChannelID = s.ChannelID AND v.FieldNumber = s.FieldNumber AND v.Place = s.PlacesBefore;
-- the nature of a field: 1 a counter, which rises, and fell back in no more than one step of fifty; 2 sparse, four of
-- five readings are zero; 3 a switch, zero or one; 4 a light, zero for a part of the time and never less; 5 a direction
-- in degrees, which turns past north; 0 none of these. Angle and Angles: the mean of a direction, and the spread
SELECT
    k.*,
    CASE
        WHEN k.Days < 2 THEN 0
        WHEN 100 * (k.Zeros + k.Ones) >= 99 * k.Readings THEN 3
        WHEN k.Ups >= 50 AND 50 * k.Downs <= k.Ups THEN 1
        WHEN 5 * k.Zeros >= 4 * k.Readings THEN 2
        WHEN k.Turns >= 20
        AND 50 * k.Turns >= k.Ups + k.Downs
        AND k.Least >= 0
        AND k.Greatest > 340
        AND k.Greatest <= 360 THEN 5
        WHEN 5 * k.Zeros > k.Readings AND k.Least >= 0 THEN 4
        ELSE 0
    END AS Nature,
    CASE
        WHEN k.Sines <> 0 OR k.Cosines <> 0 THEN DEGREES(ATN2(k.Sines, k.Cosines)) +
        CASE WHEN k.Sines < 0 THEN 360.0E0 ELSE 0.0E0 END
    END AS Angle,
    DEGREES(
        SQRT(
            -2 *
            LOG(
                CASE
                    WHEN k.Readings = 0 THEN 0.001E0
                    WHEN SQRT(SQUARE(k.Sines) + SQUARE(k.Cosines)) < 0.001E0 * k.Readings THEN 0.001E0
                    WHEN SQRT(SQUARE(k.Sines) + SQUARE(k.Cosines)) > 0.9999E0 * k.Readings THEN 0.9999E0
                    ELSE SQRT(SQUARE(k.Sines) + SQUARE(k.Cosines)) / k.Readings
                END
            )
        )
    ) AS Angles
INTO #knowledge
FROM #known_before AS k;
