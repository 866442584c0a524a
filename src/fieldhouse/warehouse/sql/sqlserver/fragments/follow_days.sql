-- the values of the days, each with the one before: #valued
SELECT
    c.ChannelID,
    c.Day,
    v.FieldNumber,
    r.CreatedAt,
    CAST(v.Amount AS FLOAT) AS Amount,
    CAST(DATEDIFF_BIG(MICROSECOND, '19700101', r.CreatedAt) / 1000000.0 AS FLOAT) AS At,
    ROW_NUMBER() OVER (
        PARTITION BY c.ChannelID, v.FieldNumber
        ORDER BY r.CreatedAt, r.Epoch, r.EntryID
    ) AS Place
INTO #given
FROM #chained AS c
JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
    ON r.ChannelID = c.ChannelID
        AND r.CreatedAt >= CAST(c.Day AS DATETIME2(6))
        AND r.CreatedAt <= DATEADD(MICROSECOND, 999999, DATEADD(SECOND, 86399, CAST(c.Day AS DATETIME2(6))))
CROSS APPLY ( VALUES
    (#, r.Field#), -- each field
    (0, NULL)
) AS v (FieldNumber, Amount)
WHERE v.Amount IS NOT NULL
OPTION (LOOP JOIN, FORCE ORDER);
SELECT
    g.ChannelID,
    g.Day,
    g.FieldNumber,
    g.CreatedAt,
    g.Amount,
    g.At,
    g.Place,
    b.LastRunAt,
    COALESCE(
        LAG(g.Amount) OVER (PARTITION BY g.ChannelID, g.FieldNumber ORDER BY g.Place),
        b.LastValue
    ) AS Before,
    COALESCE(LAG(g.At) OVER (PARTITION BY g.ChannelID, g.FieldNumber ORDER BY g.Place), b.LastAt) AS BeforeAt,
    FIRST_VALUE(g.At) OVER (PARTITION BY g.ChannelID, g.FieldNumber ORDER BY g.Place) AS FirstAt,
    COUNT_BIG(*) OVER (PARTITION BY g.ChannelID, g.FieldNumber, g.Day) AS OfDay
INTO #followed
FROM #given AS g
LEFT JOIN #begun AS b ON b.ChannelID = g.ChannelID AND b.FieldNumber = g.FieldNumber;
SELECT
    f.*,
    COALESCE(
        MAX(CASE WHEN f.Before <> f.Amount THEN f.At END) OVER (
            PARTITION BY f.ChannelID, f.FieldNumber
            ORDER BY f.Place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ),
        f.LastRunAt,
        f.FirstAt
    ) AS RunAt
INTO #running
FROM #followed AS f;
SELECT
    r.*,
    CASE
        WHEN r.Before <> r.Amount THEN r.BeforeAt -
        COALESCE(LAG(r.RunAt) OVER (PARTITION BY r.ChannelID, r.FieldNumber ORDER BY r.Place), r.LastRunAt)
    END AS StayedFor,
    -- the value before, where it is not much older than usual
    CASE WHEN r.At - r.BeforeAt <= 259200.0E0 / r.OfDay THEN r.Before END AS Near,
    r.Amount AS Told
INTO #valued
FROM #running AS r;
-- what was said to be wrong teaches nothing, nor does the step back from it
UPDATE v
SET Told = NULL, Near = NULL
FROM #valued AS v
JOIN iot.AnomalyLabels AS l
    ON l.ChannelID = v.ChannelID
        AND l.FieldNumber = v.FieldNumber
        AND l.IsReal = 1
        AND l.Family IN (N'VALUE', N'STUCK', N'DRIFT')
        AND v.CreatedAt >= l.StartedAt
        AND v.CreatedAt <= l.EndedAt;
UPDATE v
SET Near = NULL, StayedFor = NULL
FROM #valued AS v
JOIN #valued AS o
    ON o.ChannelID = v.ChannelID
        AND o.FieldNumber = v.FieldNumber
        AND o.Place = v.Place - 1
        AND o.Told IS NULL;
