-- usp_JudgeDays: the quality of the days in #asked(ChannelID, CheckDate), kept in iot.DataQuality. A day's
-- statistics cover the thirty days before a, the end of the day or the as-of instant, whichever is first.
-- Every day is cut in two at the time of day of the as-of instant; the parts are summed up once, and each
-- window is combined from its sixty.
CREATE OR ALTER PROCEDURE iot.usp_JudgeDays @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATE = '0001-01-01', @today INT = DATEDIFF(DAY, '0001-01-01', @AsOfTime);
    DECLARE @cut BIGINT = DATEDIFF_BIG(MICROSECOND, CAST(CAST(@AsOfTime AS DATE) AS DATETIME2(6)), @AsOfTime);

    SELECT
        a.ChannelID,
        a.CheckDate,
        DATEDIFF(DAY, @base, a.CheckDate) AS Day,
        CASE
            WHEN DATEDIFF(DAY, @base, a.CheckDate) < @today THEN 2 * (DATEDIFF(DAY, @base, a.CheckDate) + 1)
            ELSE 2 * @today + 1
        END AS EndPart,
        -- of the day's seconds, those before a
        CASE
            WHEN DATEDIFF(DAY, @base, a.CheckDate) < @today THEN 86400.0E0
            WHEN DATEDIFF(DAY, @base, a.CheckDate) = @today THEN @cut / 1.0E6
            ELSE 0.0E0
        END AS Length
    INTO #windows
    FROM #asked AS a;

    -- the halves of days that each window needs, and those that any does
    SELECT w.ChannelID, w.CheckDate, w.EndPart - 1 - t.N AS Part
    INTO #window_parts
    FROM #windows AS w
    CROSS JOIN (
        SELECT a.N + 10 * b.N AS N
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
            (9)
        ) AS a (N)
        CROSS JOIN (VALUES
            (0),
            (1),
            (2),
            (3),
            (4),
            (5)
        ) AS b (N)
    ) AS t
    WHERE w.EndPart - 1 - t.N >= 0;
    SELECT DISTINCT p.ChannelID, p.Part, p.Part / 2 AS Day INTO #needed FROM #window_parts AS p;

    SELECT
        a.ChannelID,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 1 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low1,
        MAX(CASE WHEN f.FieldNumber = 1 THEN f.MaxValue END) AS High1,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 2 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low2,
        MAX(CASE WHEN f.FieldNumber = 2 THEN f.MaxValue END) AS High2,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 3 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low3,
        MAX(CASE WHEN f.FieldNumber = 3 THEN f.MaxValue END) AS High3,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 4 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low4,
        MAX(CASE WHEN f.FieldNumber = 4 THEN f.MaxValue END) AS High4,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 5 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low5,
        MAX(CASE WHEN f.FieldNumber = 5 THEN f.MaxValue END) AS High5,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 6 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low6,
        MAX(CASE WHEN f.FieldNumber = 6 THEN f.MaxValue END) AS High6,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 7 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low7,
        MAX(CASE WHEN f.FieldNumber = 7 THEN f.MaxValue END) AS High7,
        COALESCE(MAX(CASE WHEN f.FieldNumber = 8 THEN COALESCE(f.MinValue, -1000000000000) END), 0) AS Low8,
        MAX(CASE WHEN f.FieldNumber = 8 THEN f.MaxValue END) AS High8
    INTO #ranges
    FROM (
        SELECT DISTINCT w.ChannelID FROM #windows AS w
    ) AS a
    LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = a.ChannelID
    GROUP BY a.ChannelID;

    SELECT
        d.ChannelID,
        d.Day,
        DATEADD(DAY, d.Day, CAST(@base AS DATETIME2(6))) AS StartAt,
        CASE
            WHEN d.Day >= @today THEN @AsOfTime
            ELSE DATEADD(DAY, d.Day + 1, CAST(@base AS DATETIME2(6)))
        END AS EndAt
    INTO #days
    FROM (
        SELECT DISTINCT n.ChannelID, n.Day FROM #needed AS n
    ) AS d;

    SELECT
        d.ChannelID,
        d.Day,
        2 * d.Day +
        CASE WHEN DATEDIFF_BIG(MICROSECOND, d.StartAt, r.CreatedAt) >= @cut THEN 1 ELSE 0 END AS Part,
        DATEDIFF_BIG(SECOND, '0001-01-01', r.CreatedAt) AS Second,
        r.Field1,
        r.Field2,
        r.Field3,
        r.Field4,
        r.Field5,
        r.Field6,
        r.Field7,
        r.Field8,
        CASE
            WHEN COALESCE(
                r.Field1,
                r.Field2,
                r.Field3,
                r.Field4,
                r.Field5,
                r.Field6,
                r.Field7,
                r.Field8
            ) IS NULL THEN 1
            ELSE 0
        END AS IsMissing,
        CASE
            WHEN r.Field1 < g.Low1
            OR r.Field1 > g.High1
            OR r.Field2 < g.Low2
            OR r.Field2 > g.High2
            OR r.Field3 < g.Low3
            OR r.Field3 > g.High3
            OR r.Field4 < g.Low4
            OR r.Field4 > g.High4
            OR r.Field5 < g.Low5
            OR r.Field5 > g.High5
            OR r.Field6 < g.Low6
            OR r.Field6 > g.High6
            OR r.Field7 < g.Low7
            OR r.Field7 > g.High7
            OR r.Field8 < g.Low8
            OR r.Field8 > g.High8 THEN 1
            ELSE 0
        END AS IsOutOfRange
    INTO #sourced
    FROM #days AS d
    JOIN #ranges AS g ON g.ChannelID = d.ChannelID
    -- TOP keeps it a seek for each day: a join on the channel alone would compare every reading with each
    CROSS APPLY (
        SELECT TOP (9223372036854775807)
            x.CreatedAt,
            x.Field1,
            x.Field2,
            x.Field3,
            x.Field4,
            x.Field5,
            x.Field6,
            x.Field7,
            x.Field8
        FROM iot.CurrentReadings AS x
        WHERE x.ChannelID = d.ChannelID AND x.CreatedAt >= d.StartAt AND x.CreatedAt < d.EndAt
    ) AS r;

    -- values around the channel's least, subtracted exactly, so that far-off levels cost no digits
    SELECT
        s.ChannelID,
        MIN(s.Field1) AS Least1,
        MIN(s.Field2) AS Least2,
        MIN(s.Field3) AS Least3,
        MIN(s.Field4) AS Least4,
        MIN(s.Field5) AS Least5,
        MIN(s.Field6) AS Least6,
        MIN(s.Field7) AS Least7,
        MIN(s.Field8) AS Least8
    INTO #least
    FROM #sourced AS s
    GROUP BY s.ChannelID;
    SELECT
        s.ChannelID,
        s.Day,
        s.Part,
        s.IsMissing,
        s.IsOutOfRange,
        CAST(CAST(s.Field1 AS DECIMAL(19, 6)) - l.Least1 AS FLOAT) AS Value1,
        CAST(CAST(s.Field2 AS DECIMAL(19, 6)) - l.Least2 AS FLOAT) AS Value2,
        CAST(CAST(s.Field3 AS DECIMAL(19, 6)) - l.Least3 AS FLOAT) AS Value3,
        CAST(CAST(s.Field4 AS DECIMAL(19, 6)) - l.Least4 AS FLOAT) AS Value4,
        CAST(CAST(s.Field5 AS DECIMAL(19, 6)) - l.Least5 AS FLOAT) AS Value5,
        CAST(CAST(s.Field6 AS DECIMAL(19, 6)) - l.Least6 AS FLOAT) AS Value6,
        CAST(CAST(s.Field7 AS DECIMAL(19, 6)) - l.Least7 AS FLOAT) AS Value7,
        CAST(CAST(s.Field8 AS DECIMAL(19, 6)) - l.Least8 AS FLOAT) AS Value8
    INTO #parted
    FROM #sourced AS s
    JOIN #least AS l ON l.ChannelID = s.ChannelID
    WHERE EXISTS (SELECT 1 FROM #needed AS n WHERE n.ChannelID = s.ChannelID AND n.Part = s.Part);

    -- the squares are of distances from each part's own mean, so that a far-off value costs no digits
    SELECT
        s.ChannelID,
        s.Day,
        s.Part,
        COUNT_BIG(s.Value1) AS N1,
        AVG(s.Value1) AS Mean1,
        COUNT_BIG(s.Value2) AS N2,
        AVG(s.Value2) AS Mean2,
        COUNT_BIG(s.Value3) AS N3,
        AVG(s.Value3) AS Mean3,
        COUNT_BIG(s.Value4) AS N4,
        AVG(s.Value4) AS Mean4,
        COUNT_BIG(s.Value5) AS N5,
        AVG(s.Value5) AS Mean5,
        COUNT_BIG(s.Value6) AS N6,
        AVG(s.Value6) AS Mean6,
        COUNT_BIG(s.Value7) AS N7,
        AVG(s.Value7) AS Mean7,
        COUNT_BIG(s.Value8) AS N8,
        AVG(s.Value8) AS Mean8
    INTO #means
    FROM #parted AS s
    GROUP BY s.ChannelID, s.Day, s.Part;
    SELECT
        s.ChannelID,
        s.Part,
        SUM(SQUARE(s.Value1 - m.Mean1)) AS M1,
        SUM(SQUARE(s.Value2 - m.Mean2)) AS M2,
        SUM(SQUARE(s.Value3 - m.Mean3)) AS M3,
        SUM(SQUARE(s.Value4 - m.Mean4)) AS M4,
        SUM(SQUARE(s.Value5 - m.Mean5)) AS M5,
        SUM(SQUARE(s.Value6 - m.Mean6)) AS M6,
        SUM(SQUARE(s.Value7 - m.Mean7)) AS M7,
        SUM(SQUARE(s.Value8 - m.Mean8)) AS M8
    INTO #squares
    FROM #parted AS s
    JOIN #means AS m ON m.ChannelID = s.ChannelID AND m.Part = s.Part
    GROUP BY s.ChannelID, s.Part;
    SELECT m.ChannelID, m.Day, m.Part, v.Field, v.N, v.Mean, v.M2
    INTO #parts
    FROM #means AS m
    JOIN #squares AS d ON d.ChannelID = m.ChannelID AND d.Part = m.Part
    CROSS APPLY (VALUES
        (1, m.N1, m.Mean1, d.M1),
        (2, m.N2, m.Mean2, d.M2),
        (3, m.N3, m.Mean3, d.M3),
        (4, m.N4, m.Mean4, d.M4),
        (5, m.N5, m.Mean5, d.M5),
        (6, m.N6, m.Mean6, d.M6),
        (7, m.N7, m.Mean7, d.M7),
        (8, m.N8, m.Mean8, d.M8)
    ) AS v (Field, N, Mean, M2)
    WHERE v.N > 0;

    SELECT
        m.ChannelID,
        m.CheckDate,
        m.Field,
        MIN(m.WindowMean) AS Mean,
        3 * SQRT(SUM(m.M2 + m.N * SQUARE(m.Mean - m.WindowMean)) / NULLIF(SUM(m.N) - 1, 0)) AS Reach
    INTO #reaches
    FROM (
        SELECT
            w.ChannelID,
            w.CheckDate,
            p.Field,
            CAST(p.N AS FLOAT) AS N,
            p.Mean,
            p.M2,
            SUM(p.N * p.Mean) OVER (PARTITION BY w.ChannelID, w.CheckDate, p.Field) /
            SUM(CAST(p.N AS FLOAT)) OVER (PARTITION BY w.ChannelID, w.CheckDate, p.Field) AS WindowMean
        FROM #window_parts AS w
        JOIN #parts AS p ON p.ChannelID = w.ChannelID AND p.Part = w.Part
    ) AS m
    GROUP BY m.ChannelID, m.CheckDate, m.Field;
    SELECT
        r.ChannelID,
        r.CheckDate,
        MAX(CASE WHEN r.Field = 1 THEN r.Mean END) AS Mean1,
        MAX(CASE WHEN r.Field = 1 THEN r.Reach END) AS Reach1,
        MAX(CASE WHEN r.Field = 2 THEN r.Mean END) AS Mean2,
        MAX(CASE WHEN r.Field = 2 THEN r.Reach END) AS Reach2,
        MAX(CASE WHEN r.Field = 3 THEN r.Mean END) AS Mean3,
        MAX(CASE WHEN r.Field = 3 THEN r.Reach END) AS Reach3,
        MAX(CASE WHEN r.Field = 4 THEN r.Mean END) AS Mean4,
        MAX(CASE WHEN r.Field = 4 THEN r.Reach END) AS Reach4,
        MAX(CASE WHEN r.Field = 5 THEN r.Mean END) AS Mean5,
        MAX(CASE WHEN r.Field = 5 THEN r.Reach END) AS Reach5,
        MAX(CASE WHEN r.Field = 6 THEN r.Mean END) AS Mean6,
        MAX(CASE WHEN r.Field = 6 THEN r.Reach END) AS Reach6,
        MAX(CASE WHEN r.Field = 7 THEN r.Mean END) AS Mean7,
        MAX(CASE WHEN r.Field = 7 THEN r.Reach END) AS Reach7,
        MAX(CASE WHEN r.Field = 8 THEN r.Mean END) AS Mean8,
        MAX(CASE WHEN r.Field = 8 THEN r.Reach END) AS Reach8
    INTO #limits
    FROM #reaches AS r
    GROUP BY r.ChannelID, r.CheckDate;

    SELECT
        w.ChannelID,
        w.CheckDate,
        COUNT_BIG(*) AS Readings,
        SUM(CAST(s.IsMissing AS BIGINT)) AS Missing,
        SUM(CAST(s.IsOutOfRange AS BIGINT)) AS OutOfRange,
        SUM(
            CAST(
                CASE
                    WHEN ABS(s.Value1 - l.Mean1) > l.Reach1
                    OR ABS(s.Value2 - l.Mean2) > l.Reach2
                    OR ABS(s.Value3 - l.Mean3) > l.Reach3
                    OR ABS(s.Value4 - l.Mean4) > l.Reach4
                    OR ABS(s.Value5 - l.Mean5) > l.Reach5
                    OR ABS(s.Value6 - l.Mean6) > l.Reach6
                    OR ABS(s.Value7 - l.Mean7) > l.Reach7
                    OR ABS(s.Value8 - l.Mean8) > l.Reach8 THEN 1
                    ELSE 0
                END AS BIGINT
            )
        ) AS Anomalies
    INTO #counted
    FROM #windows AS w
    JOIN #parted AS s ON s.ChannelID = w.ChannelID AND s.Day = w.Day
    LEFT JOIN #limits AS l ON l.ChannelID = w.ChannelID AND l.CheckDate = w.CheckDate
    GROUP BY w.ChannelID, w.CheckDate;

    SELECT
        f.ChannelID,
        f.CheckDate,
        STRING_AGG(CAST(f.Field AS NVARCHAR(10)), N', ') WITHIN GROUP (ORDER BY f.Field) AS Fields
    INTO #unranged
    FROM (
        SELECT DISTINCT w.ChannelID, w.CheckDate, p.Field
        FROM #windows AS w
        JOIN #parts AS p ON p.ChannelID = w.ChannelID AND p.Day = w.Day
    ) AS f
    WHERE NOT EXISTS (
            SELECT 1 FROM iot.FieldRanges AS r WHERE r.ChannelID = f.ChannelID AND r.FieldNumber = f.Field
        )
    GROUP BY f.ChannelID, f.CheckDate;

    CREATE TABLE #cadences (
        ChannelID INT NOT NULL,
        CheckDate DATE NOT NULL,
        Seconds FLOAT NOT NULL
    );
    CREATE TABLE #seconds_of_days (
        ChannelID INT NOT NULL,
        Day INT NOT NULL,
        Seconds BIGINT NOT NULL
    );
    EXEC iot.usp_FindCadences;
    EXEC iot.usp_KeepJudgements @AsOfTime = @AsOfTime;
    RETURN 0;
END;
