-- what is known before each day: #knowledge
SELECT
    v.ChannelID,
    v.Day,
    v.FieldNumber,
    MIN(v.Amount) AS Least,
    MAX(v.Amount) AS Greatest,
    COUNT_BIG(*) AS Readings,
    SUM(CASE WHEN v.Amount > v.Before THEN 1 ELSE 0 END) AS Ups,
    SUM(CASE WHEN v.Amount < v.Before THEN 1 ELSE 0 END) AS Downs,
    MAX(v.StayedFor) AS LongestRun,
    MAX(CASE WHEN v.Amount >= v.Before THEN v.Amount - v.Before END) AS GreatestRise,
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
    d.GreatestRise,
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
    MAX(s.LastPlace) OVER (
        PARTITION BY s.ChannelID, s.FieldNumber
        ORDER BY s.Day
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS LastPlace
INTO #sums
FROM #stated AS s;
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
        WHEN COALESCE(b.Days, 0) + s.Days >= 2
        AND COALESCE(b.Ups, 0) + s.Ups >= 50
        AND 50 * (COALESCE(b.Downs, 0) + s.Downs) <= COALESCE(b.Ups, 0) + s.Ups THEN 1
        ELSE 0
    END AS IsCounter,
    s.Readings AS PlacesBefore
INTO #knowledge
FROM #sums AS s
LEFT JOIN #begun AS b ON b.ChannelID = s.ChannelID AND b.FieldNumber = s.FieldNumber
LEFT JOIN #valued AS v
    ON v.ChannelID = s.ChannelID AND v.FieldNumber = s.FieldNumber AND v.Place = s.LastPlace;
