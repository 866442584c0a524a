-- usp_SummarizeSourced: the statistics of the readings in #sourced(Period, Field1..Field8), into #made. Averages
-- are exact sums over counts; deviations are taken around the period's minimum, subtracted exactly, so that
-- far-off levels cost no digits.
CREATE OR ALTER PROCEDURE iot.usp_SummarizeSourced
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #centred (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        ReadingCount BIGINT NOT NULL,
        -- each field, comma between
        Field#Sum DECIMAL(38, 6),
        Field#Min DECIMAL(18, 6),
        Field#Max DECIMAL(18, 6),
        Field#Count BIGINT NOT NULL
        -- end
    );
    INSERT INTO #centred (
        Period,
        -- each field
        Field#Sum,
        Field#Min,
        Field#Max,
        Field#Count,
        -- end
        ReadingCount
    )
    SELECT
        s.Period,
        -- each field
        SUM(CAST(s.Field# AS DECIMAL(38, 6))) AS Field#Sum,
        MIN(s.Field#) AS Field#Min,
        MAX(s.Field#) AS Field#Max,
        COUNT_BIG(s.Field#) AS Field#Count,
        -- end
        COUNT_BIG(*) AS ReadingCount
    FROM #sourced AS s
    GROUP BY s.Period;

    CREATE TABLE #spread (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        -- each field, comma between
        Field#StdDev FLOAT
        -- end
    );
    INSERT INTO #spread (
        -- each field
        Field#StdDev,
        -- end
        Period
    )
    SELECT
        -- each field
        STDEV(CAST(CAST(s.Field# AS DECIMAL(19, 6)) - c.Field#Min AS FLOAT)) AS Field#StdDev,
        -- end
        s.Period
    FROM #sourced AS s
    JOIN #centred AS c ON c.Period = s.Period
    GROUP BY s.Period;

    INSERT INTO #made (
        Period,
        -- each field
        Field#Avg,
        Field#Min,
        Field#Max,
        Field#StdDev,
        Field#Count,
        Field#Sum,
        -- end
        ReadingCount
    )
    SELECT
        c.Period,
        -- each field
        CAST(c.Field#Sum AS FLOAT) / NULLIF(c.Field#Count, 0),
        c.Field#Min,
        c.Field#Max,
        d.Field#StdDev,
        c.Field#Count,
        c.Field#Sum,
        -- end
        c.ReadingCount
    FROM #centred AS c
    JOIN #spread AS d ON d.Period = c.Period;
    RETURN 0;
END;
