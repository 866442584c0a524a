-- usp_SummarizeSourced: the statistics of the readings in #sourced(Period, Field1..Field8), into #made. Averages
-- are exact sums over counts; deviations are taken around the mean, both off the period's minimum, subtracted
-- exactly, so that far-off levels cost no digits; on a scale on which the period's range is 2 * 10^9 their squares
-- are added up as whole numbers, so that the order of the readings costs none either.
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

    CREATE TABLE #scaled (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        -- each field, comma between
        Scale# FLOAT,
        Mean# FLOAT
        -- end
    );
    INSERT INTO #scaled (
        -- each field
        Scale#,
        Mean#,
        -- end
        Period
    )
    SELECT
        -- each field
        2e9 / NULLIF(CAST(CAST(c.Field#Max AS DECIMAL(19, 6)) - c.Field#Min AS FLOAT), 0),
        CAST(c.Field#Sum - CAST(c.Field#Count AS DECIMAL(18, 0)) * c.Field#Min AS FLOAT) /
        NULLIF(c.Field#Count, 0),
        -- end
        c.Period
    FROM #centred AS c;

    CREATE TABLE #spread (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        -- each field, comma between
        Squares# DECIMAL(38, 0)
        -- end
    );
    INSERT INTO #spread (
        -- each field
        Squares#,
        -- end
        Period
    )
    SELECT
        -- each field
        SUM(CAST(SQUARE(o.Off#) AS DECIMAL(38, 0))) AS Squares#,
        -- end
        o.Period
    FROM (
        SELECT
            -- each field
            (CAST(CAST(s.Field# AS DECIMAL(19, 6)) - c.Field#Min AS FLOAT) - k.Mean#) * k.Scale# AS Off#,
            -- end
            s.Period
        FROM #sourced AS s
        JOIN #centred AS c ON c.Period = s.Period
        JOIN #scaled AS k ON k.Period = s.Period
    ) AS o
    GROUP BY o.Period;

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
        CASE
            WHEN c.Field#Count > 1 THEN COALESCE(
                SQRT(CAST(d.Squares# AS FLOAT) / (c.Field#Count - 1)) / k.Scale#,
                0
            )
        END,
        c.Field#Count,
        c.Field#Sum,
        -- end
        c.ReadingCount
    FROM #centred AS c
    JOIN #scaled AS k ON k.Period = c.Period
    JOIN #spread AS d ON d.Period = c.Period;
    RETURN 0;
END;
