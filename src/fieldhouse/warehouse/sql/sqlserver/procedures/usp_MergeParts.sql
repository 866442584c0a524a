-- usp_MergeParts: the statistics of periods made of #parts(Period, ...), into #made, as if they were made of the
-- readings. Sums are exact. Parts lie off the least value of all, subtracted exactly: far-off levels cost no
-- digits, and a million readings one in a thousand million.
CREATE OR ALTER PROCEDURE iot.usp_MergeParts
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #whole (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        ReadingCount BIGINT NOT NULL,
        -- each field, comma between
        Field#Sum DECIMAL(38, 6),
        Field#Min DECIMAL(18, 6),
        Field#Max DECIMAL(18, 6),
        Field#Count BIGINT NOT NULL
        -- end
    );
    INSERT INTO #whole (
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
        p.Period,
        -- each field
        SUM(p.Field#Sum) AS Field#Sum,
        MIN(p.Field#Min) AS Field#Min,
        MAX(p.Field#Max) AS Field#Max,
        SUM(p.Field#Count) AS Field#Count,
        -- end
        SUM(p.ReadingCount) AS ReadingCount
    FROM #parts AS p
    GROUP BY p.Period;

    CREATE TABLE #squared (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        -- each field, comma between
        Squares# FLOAT,
        Off# FLOAT
        -- end
    );
    INSERT INTO #squared (
        -- each field
        Squares#,
        Off#,
        -- end
        Period
    )
    SELECT
        -- each field
        SUM(a.Within# + SQUARE(a.Off#) / NULLIF(a.N#, 0)) AS Squares#,
        SUM(a.Off#) AS Off#,
        -- end
        a.Period
    FROM (
        SELECT
            -- each field
            COALESCE(SQUARE(p.Field#StdDev) * (p.Field#Count - 1), 0) AS Within#,
            p.Field#Count AS N#,
            CAST(p.Field#Sum - CAST(p.Field#Count AS DECIMAL(18, 0)) * w.Field#Min AS FLOAT) AS Off#,
            -- end
            p.Period
        FROM #parts AS p
        JOIN #whole AS w ON w.Period = p.Period
    ) AS a
    GROUP BY a.Period;

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
        w.Period,
        -- each field
        CAST(w.Field#Sum AS FLOAT) / NULLIF(w.Field#Count, 0),
        w.Field#Min,
        w.Field#Max,
        CASE
            WHEN w.Field#Count > 1 THEN SQRT(
                (d.Squares# - SQUARE(d.Off#) / w.Field#Count) / (w.Field#Count - 1)
            )
        END,
        w.Field#Count,
        w.Field#Sum,
        -- end
        w.ReadingCount
    FROM #whole AS w
    JOIN #squared AS d ON d.Period = w.Period;
    RETURN 0;
END;
