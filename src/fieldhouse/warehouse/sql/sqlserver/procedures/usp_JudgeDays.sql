-- usp_JudgeDays: the quality of the days in #asked(ChannelID, CheckDate), kept in iot.DataQuality. Anomalous is a
-- reading with a value of a field while something is unusual in it. A day's cadence is that of the thirty days before
-- a, the end of the day or the as-of instant, whichever is first: every day is cut in two at the time of day of the
-- as-of instant, so that each window has sixty parts.
CREATE OR ALTER PROCEDURE iot.usp_JudgeDays @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATE = '0001-01-01', @today INT = DATEDIFF(DAY, '0001-01-01', @AsOfTime);
    DECLARE @cut BIGINT = DATEDIFF_BIG(MICROSECOND, CAST(CAST(@AsOfTime AS DATE) AS DATETIME2(6)), @AsOfTime);
    DECLARE @first INT, @last INT, @from DATE, @to DATE;
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

    -- the readings of the days to be judged
    SELECT
        w.Period,
        w.ChannelID,
        r.CreatedAt,
        r.Field# -- each field, comma between
    INTO #readings
    FROM (
        SELECT
            x.Period,
            x.ChannelID,
            DATEADD(DAY, x.Day, CAST(@base AS DATETIME2(6))) AS StartAt,
            CASE
                WHEN x.Day >= @today THEN @AsOfTime
                ELSE DATEADD(DAY, x.Day + 1, CAST(@base AS DATETIME2(6)))
            END AS EndAt
        FROM #windows AS x
    ) AS w
    JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = w.ChannelID AND r.CreatedAt >= w.StartAt AND r.CreatedAt < w.EndAt
    OPTION (LOOP JOIN, FORCE ORDER);

    SELECT
        @first = MIN(a.ChannelID),
        @last = MAX(a.ChannelID),
        @from = MIN(a.CheckDate),
        @to = MAX(a.CheckDate)
    FROM #asked AS a;
    -- include unusual
    SELECT w.Period, u.FieldNumber, u.StartedAt, u.EndedAt
    INTO #odd
    FROM #unusual AS u
    JOIN #windows AS w
        ON w.ChannelID = u.ChannelID
            AND CAST(u.StartedAt AS DATE) <= w.CheckDate
            AND CAST(u.EndedAt AS DATE) >= w.CheckDate;

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
        r.Period,
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
        SUM(CAST(r.IsOdd AS BIGINT)) AS Anomalies,
        COUNT_BIG(r.Field#) AS Known# -- each field, comma between
    INTO #counted
    FROM (
        SELECT
            q.*,
            CASE
                WHEN EXISTS (
                    SELECT 1
                    FROM #odd AS o
                    WHERE o.Period = q.Period
                        AND o.StartedAt <= q.CreatedAt
                        AND o.EndedAt >= q.CreatedAt
                        AND CASE o.FieldNumber
                            WHEN # THEN q.Field# -- each field
                        END IS NOT NULL
                ) THEN 1
                ELSE 0
            END AS IsOdd
        FROM #readings AS q
    ) AS r
    JOIN #ranges AS g ON g.ChannelID = r.ChannelID
    GROUP BY r.Period;

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
