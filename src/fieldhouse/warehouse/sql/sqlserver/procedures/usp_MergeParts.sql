-- usp_MergeParts: the statistics of periods made of #parts(Period, ...), into #made, as if they were made of the
-- readings. Sums are exact. Parts lie off the least value of all, subtracted exactly: far-off levels cost no
-- digits. Squares are taken around the mean of all, on a scale on which the range is 10^9, and added up as whole
-- numbers, so that the order of the parts costs none either.
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
        1e9 / NULLIF(CAST(CAST(w.Field#Max AS DECIMAL(19, 6)) - w.Field#Min AS FLOAT), 0),
        CAST(w.Field#Sum - CAST(w.Field#Count AS DECIMAL(18, 0)) * w.Field#Min AS FLOAT) /
        NULLIF(w.Field#Count, 0),
        -- end
        w.Period
    FROM #whole AS w;

    CREATE TABLE #squared (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        -- each field, comma between
        Squares# DECIMAL(38, 0)
        -- end
    );
    INSERT INTO #squared (
        -- each field
        Squares#,
        -- end
        Period
    )
    SELECT
        -- each field
        SUM(CAST(SQUARE(o.Within#) * (o.N# - 1) + SQUARE(o.Off#) * o.N# AS DECIMAL(38, 0))) AS Squares#,
        -- end
        o.Period
    FROM (
        SELECT
            -- each field
            COALESCE(p.Field#StdDev, 0) * k.Scale# AS Within#,
            p.Field#Count AS N#,
            (
                CAST(p.Field#Sum - CAST(p.Field#Count AS DECIMAL(18, 0)) * w.Field#Min AS FLOAT) /
                NULLIF(p.Field#Count, 0) -
                k.Mean#
            ) *
            k.Scale# AS Off#,
            -- end
            p.Period
        FROM #parts AS p
        JOIN #whole AS w ON w.Period = p.Period
        JOIN #scaled AS k ON k.Period = p.Period
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
        w.Period,
        -- each field
        CAST(w.Field#Sum AS FLOAT) / NULLIF(w.Field#Count, 0),
        w.Field#Min,
        w.Field#Max,
        CASE
            WHEN w.Field#Count > 1 THEN COALESCE(
                SQRT(CAST(d.Squares# AS FLOAT) / (w.Field#Count - 1)) / k.Scale#,
                0
            )
        END,
        w.Field#Count,
        w.Field#Sum,
        -- end
        w.ReadingCount
    FROM #whole AS w
    JOIN #scaled AS k ON k.Period = w.Period
    JOIN #squared AS d ON d.Period = w.Period;
    RETURN 0;
END;
