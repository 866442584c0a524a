-- usp_JudgeDays: the quality of the days in #asked(ChannelID, CheckDate), kept in iot.DataQuality. A day's
-- statistics cover the thirty days before a, the end of the day or the as-of instant, whichever is first. They
-- are merged from the days that are aggregated; only those are read again whose aggregates are not up to date,
-- and the two that only half of may lie within a window: that of as-of and the thirtieth before it. Every day is
-- cut in two at the time of day of the as-of instant, so that each window has sixty parts.
CREATE OR ALTER PROCEDURE iot.usp_JudgeDays @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATE = '0001-01-01', @today INT = DATEDIFF(DAY, '0001-01-01', @AsOfTime);
    DECLARE @cut BIGINT = DATEDIFF_BIG(MICROSECOND, CAST(CAST(@AsOfTime AS DATE) AS DATETIME2(6)), @AsOfTime);
    DECLARE @ThresholdStdDev FLOAT = 3.0; -- as usp_DetectAnomalies has it
    -- include sourced_table
    -- include parts_table
    -- include made_table
    SELECT
        ROW_NUMBER() OVER (ORDER BY a.ChannelID, a.CheckDate) AS Period,
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

    -- the halves of days that each window has
    SELECT w.Period, w.ChannelID, w.EndPart - 1 - t.N AS Part, (w.EndPart - 1 - t.N) / 2 AS Day
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

    SELECT d.ChannelID, d.Day, g.AggregationID
    INTO #fresh
    FROM (
        SELECT DISTINCT p.ChannelID, p.Day
        FROM #window_parts AS p
        WHERE p.Day < @today AND p.Day <> @today - 30
    ) AS d
    JOIN iot.Channels AS c ON c.ChannelID = d.ChannelID
    JOIN iot.AggregatedData AS g WITH (FORCESEEK)
        ON g.ChannelID = d.ChannelID
            AND g.AggregationType = N'DAILY'
            AND g.PeriodStart = DATEADD(DAY, d.Day, CAST(@base AS DATETIME2(6)))
    WHERE (c.ArchivedBefore IS NULL OR g.PeriodStart >= c.ArchivedBefore)
        AND NOT EXISTS (
            SELECT 1
            FROM iot.PeriodMarks AS m WITH (FORCESEEK)
            WHERE m.AggregationType = N'DAILY' AND m.ChannelID = g.ChannelID AND m.PeriodStart = g.PeriodStart
        )
    OPTION (LOOP JOIN);

    SELECT ROW_NUMBER() OVER (ORDER BY n.ChannelID, n.Part) AS Period, n.ChannelID, n.Part, n.Day
    INTO #needed
    FROM (
        SELECT DISTINCT p.ChannelID, p.Part, p.Day FROM #window_parts AS p
    ) AS n
    WHERE NOT EXISTS (SELECT 1 FROM #fresh AS f WHERE f.ChannelID = n.ChannelID AND f.Day = n.Day);

    -- the readings of the days to be judged, and of those that are needed
    SELECT
        d.ChannelID,
        d.Day,
        2 * d.Day +
        CASE WHEN DATEDIFF_BIG(MICROSECOND, d.StartAt, r.CreatedAt) >= @cut THEN 1 ELSE 0 END AS Part,
        r.Field# -- each field, comma between
    INTO #readings
    FROM (
        SELECT
            x.ChannelID,
            x.Day,
            DATEADD(DAY, x.Day, CAST(@base AS DATETIME2(6))) AS StartAt,
            CASE
                WHEN x.Day >= @today THEN @AsOfTime
                ELSE DATEADD(DAY, x.Day + 1, CAST(@base AS DATETIME2(6)))
            END AS EndAt
        FROM (
            SELECT n.ChannelID, n.Day FROM #needed AS n
            UNION
            SELECT w.ChannelID, w.Day FROM #windows AS w
        ) AS x
    ) AS d
    JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = d.ChannelID AND r.CreatedAt >= d.StartAt AND r.CreatedAt < d.EndAt
    OPTION (LOOP JOIN, FORCE ORDER);

    INSERT INTO #sourced (
        Period,
        Field# -- each field, comma between
    )
    SELECT
        n.Period,
        r.Field# -- each field, comma between
    FROM #readings AS r
    JOIN #needed AS n ON n.ChannelID = r.ChannelID AND n.Part = r.Part;
    EXEC iot.usp_SummarizeSourced;
    INSERT INTO #parts (
        Period,
        -- each field
        Field#Min,
        Field#Max,
        Field#StdDev,
        Field#Count,
        Field#Sum,
        -- end
        ReadingCount
    )
    SELECT
        p.Period,
        -- each field
        m.Field#Min,
        m.Field#Max,
        m.Field#StdDev,
        m.Field#Count,
        m.Field#Sum,
        -- end
        m.ReadingCount
    FROM #window_parts AS p
    JOIN #needed AS n ON n.ChannelID = p.ChannelID AND n.Part = p.Part
    JOIN #made AS m ON m.Period = n.Period
    UNION ALL
    SELECT
        p.Period,
        -- each field
        g.Field#Min,
        g.Field#Max,
        g.Field#StdDev,
        g.Field#Count,
        g.Field#Sum,
        -- end
        g.ReadingCount
    FROM #window_parts AS p
    JOIN #fresh AS f ON f.ChannelID = p.ChannelID AND p.Part = 2 * f.Day
    JOIN iot.AggregatedData AS g WITH (FORCESEEK) ON g.AggregationID = f.AggregationID;
    DELETE FROM #made;
    EXEC iot.usp_MergeParts;

    -- means are taken from the least value, subtracted exactly, so that far-off levels cost no digits
    CREATE TABLE #spreads (
        Period BIGINT NOT NULL,
        Field INT NOT NULL,
        Centre FLOAT,
        Spread FLOAT
    );
    -- each field
    INSERT INTO #spreads (Period, Field, Centre, Spread)
    SELECT
        m.Period,
        #,
        CAST(m.Field#Sum - CAST(m.Field#Count AS DECIMAL(18, 0)) * m.Field#Min AS FLOAT) /
        NULLIF(m.Field#Count, 0),
        m.Field#StdDev
    FROM #made AS m;
    -- end
    -- include reaches
    SELECT
        -- each field
        MAX(CASE WHEN r.Field = # THEN r.Centre END) AS Centre#,
        MAX(CASE WHEN r.Field = # THEN r.Reach END) AS Reach#,
        -- end
        r.Period
    INTO #limits
    FROM #reaches AS r
    GROUP BY r.Period;

    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        MAX(CASE WHEN f.FieldNumber = # THEN f.MinValue END) AS Low#,
        MAX(CASE WHEN f.FieldNumber = # THEN f.MaxValue END) AS High#,
        -- end
        w.ChannelID
    INTO #ranges
    FROM (
        SELECT DISTINCT x.ChannelID FROM #windows AS x
    ) AS w
    LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = w.ChannelID
    GROUP BY w.ChannelID;

    SELECT
        w.Period,
        COUNT_BIG(*) AS Readings,
        SUM(
            CAST(
                CASE
                    WHEN (
                        -- each field, AND between
                        r.Field# IS NULL
                        -- end
                    ) THEN 1
                    ELSE 0
                END AS BIGINT
            )
        ) AS Missing,
        SUM(
            CAST(
                CASE
                    WHEN (
                        -- each field, OR between
                        r.Field# < g.Low# OR r.Field# > g.High#
                        -- end
                    ) THEN 1
                    ELSE 0
                END AS BIGINT
            )
        ) AS OutOfRange,
        SUM(
            CAST(
                CASE
                    WHEN (
                        -- each field, OR between
                        ABS(
                            CAST(CAST(r.Field# AS DECIMAL(19, 6)) - m.Field#Min AS FLOAT) - l.Centre#
                        ) > l.Reach#
                        -- end
                    ) THEN 1
                    ELSE 0
                END AS BIGINT
            )
        ) AS Anomalies,
        COUNT_BIG(r.Field#) AS Known# -- each field, comma between
    INTO #counted
    FROM #windows AS w
    JOIN #readings AS r ON r.ChannelID = w.ChannelID AND r.Day = w.Day
    JOIN #ranges AS g ON g.ChannelID = w.ChannelID
    JOIN #made AS m ON m.Period = w.Period
    JOIN #limits AS l ON l.Period = w.Period
    GROUP BY w.Period;

    CREATE TABLE #known (
        Period BIGINT NOT NULL,
        Field INT NOT NULL
    );
    -- each field
    INSERT INTO #known (Period, Field)
    SELECT c.Period, # FROM #counted AS c WHERE c.Known# > 0;
    -- end
    SELECT
        k.Period,
        STRING_AGG(CAST(k.Field AS NVARCHAR(10)), N', ') WITHIN GROUP (ORDER BY k.Field) AS Fields
    INTO #unranged
    FROM #known AS k
    JOIN #windows AS w ON w.Period = k.Period
    WHERE NOT EXISTS (
            SELECT 1 FROM iot.FieldRanges AS r WHERE r.ChannelID = w.ChannelID AND r.FieldNumber = k.Field
        )
    GROUP BY k.Period;

    CREATE TABLE #cadences (
        Period BIGINT NOT NULL,
        Seconds FLOAT NOT NULL
    );
    CREATE TABLE #seconds_of_days (
        ChannelID INT NOT NULL,
        Day INT NOT NULL,
        Seconds BIGINT NOT NULL
    );
    EXEC iot.usp_FindCadences @AsOfTime = @AsOfTime;
    EXEC iot.usp_KeepJudgements @AsOfTime = @AsOfTime;
    RETURN 0;
END;
