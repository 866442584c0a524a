-- what is known before each day: #knowledge
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
SELECT
    c.ChannelID,
    c.Day,
    c.IsNew,
    f.FieldNumber,
    d.Least,
    d.Greatest,
    d.Readings,
    d.Ups,
    d.Downs,
    d.LongestRun,
    d.LongestOther,
    d.GreatestRise,
    d.Step,
    d.Zeros,
    d.Ones,
    d.Turns,
    d.Sines,
    d.Cosines,
    d.Silences,
    d.LastPlace
INTO #stated
FROM #chained AS c
JOIN (
    SELECT x.ChannelID, x.FieldNumber FROM #days AS x
    UNION
    SELECT b.ChannelID, b.FieldNumber FROM #begun AS b
) AS f ON f.ChannelID = c.ChannelID
LEFT JOIN #days AS d ON d.ChannelID = c.ChannelID AND d.Day = c.Day AND d.FieldNumber = f.FieldNumber;
SELECT
    s.ChannelID,
    s.Day,
    s.IsNew,
    s.FieldNumber,
    MIN(s.Least) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS Least,
    MAX(s.Greatest) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS Greatest,
    COUNT_BIG(s.Readings) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS Days,
    COALESCE(
        SUM(s.Readings) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Readings,
    COALESCE(
        SUM(s.Ups) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Ups,
    COALESCE(
        SUM(s.Downs) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Downs,
    MAX(s.LongestRun) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS LongestRun,
    MAX(s.GreatestRise) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS GreatestRise,
    COALESCE(
        SUM(s.Silences) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Silences,
    MAX(s.LongestOther) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS LongestOther,
    COALESCE(
        SUM(s.Zeros) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Zeros,
    COALESCE(
        SUM(s.Ones) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Ones,
    COALESCE(
        SUM(s.Turns) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Turns,
    COALESCE(
        SUM(s.Sines) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Sines,
    COALESCE(
        SUM(s.Cosines) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber
            ORDER BY s.Day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS Cosines,
    MAX(s.LastPlace) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS LastPlace
INTO #sums
FROM #stated AS s;
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
    FROM #stated AS s
    JOIN (
        SELECT d.ChannelID, d.Day, d.FieldNumber, d.Step FROM #days AS d WHERE d.Step IS NOT NULL
        UNION ALL
        SELECT b.ChannelID, NULL, b.FieldNumber, b.Amount
        FROM #based AS b
        WHERE b.Measure = N'KNOWN' AND b.Item BETWEEN 17 AND 20
    ) AS e ON e.ChannelID = s.ChannelID AND e.FieldNumber = s.FieldNumber AND (e.Day IS NULL OR e.Day < s.Day)
) AS x
WHERE x.Place <= 4
GROUP BY x.ChannelID, x.Day, x.FieldNumber;
SELECT
    s.ChannelID,
    s.Day,
    s.IsNew,
    s.FieldNumber,
    CASE WHEN b.Least < s.Least OR s.Least IS NULL THEN b.Least ELSE s.Least END AS Least,
    CASE WHEN b.Greatest > s.Greatest OR s.Greatest IS NULL THEN b.Greatest ELSE s.Greatest END AS Greatest,
    COALESCE(b.Days, 0) + s.Days AS Days,
    COALESCE(b.Readings, 0) + s.Readings AS Readings,
    COALESCE(b.Ups, 0) + s.Ups AS Ups,
    COALESCE(b.Downs, 0) + s.Downs AS Downs,
    CASE
        WHEN b.LongestRun > s.LongestRun OR s.LongestRun IS NULL THEN b.LongestRun
        ELSE s.LongestRun
    END AS LongestRun,
    CASE
        WHEN b.GreatestRise > s.GreatestRise OR s.GreatestRise IS NULL THEN b.GreatestRise
        ELSE s.GreatestRise
    END AS GreatestRise,
    COALESCE(b.Silences, 0) + s.Silences AS Silences,
    COALESCE(v.Amount, b.LastValue) AS LastValue,
    COALESCE(v.At, b.LastAt) AS LastAt,
    COALESCE(v.RunAt, b.LastRunAt) AS LastRunAt,
    CASE
        WHEN b.LongestOther > s.LongestOther OR s.LongestOther IS NULL THEN b.LongestOther
        ELSE s.LongestOther
    END AS LongestOther,
    COALESCE(b.Zeros, 0) + s.Zeros AS Zeros,
    COALESCE(b.Ones, 0) + s.Ones AS Ones,
    COALESCE(b.Turns, 0) + s.Turns AS Turns,
    COALESCE(b.Sines, 0) + s.Sines AS Sines,
    COALESCE(b.Cosines, 0) + s.Cosines AS Cosines,
    t.Step1,
    t.Step2,
    t.Step3,
    t.Step4,
    s.Readings AS PlacesBefore
INTO #known_before
FROM #sums AS s
LEFT JOIN #begun AS b ON b.ChannelID = s.ChannelID AND b.FieldNumber = s.FieldNumber
LEFT JOIN #steps AS t ON t.ChannelID = s.ChannelID AND t.Day = s.Day AND t.FieldNumber = s.FieldNumber
LEFT JOIN #valued AS v
    ON v.ChannelID = s.ChannelID AND v.FieldNumber = s.FieldNumber AND v.Place = s.LastPlace;
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
