-- usp_Forecasts(series, places, amounts, period, stride, origins, horizon): how series go on after their last places, by
-- the method that has erred least on their own past. From each of some origins, a stride apart, every method forecasts
-- as if the rest were not known yet, and the last origin is the last place. Lead by lead the interval, of 95 %, holds
-- the middle of the errors of the method at this lead and its neighbours. It is NULL below twenty, and beyond the
-- leads that could be tried it grows with them, as far to both sides. A place in whose season nothing came for 14
-- periods has no forecast. Errors is how many the interval is made of, Mae how far the method was off, and NaiveMae the
-- last value of the same season.
CREATE OR ALTER PROCEDURE iot.usp_Forecasts
    @Series NVARCHAR(MAX),
    @Places NVARCHAR(MAX),
    @Amounts NVARCHAR(MAX),
    @Period INT = 24,
    @Stride INT = 24,
    @Origins INT = 42,
    @Horizon INT = 24
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @fading FLOAT = 0.8, @damping FLOAT = 0.95;
    CREATE TABLE #given (
        Series INT NOT NULL,
        Place INT NOT NULL,
        Amount FLOAT NOT NULL,
        PRIMARY KEY (Series, Place)
    );
    INSERT INTO #given (Series, Place, Amount)
    SELECT CAST(s.value AS INT), CAST(p.value AS INT), CAST(a.value AS FLOAT)
    FROM OPENJSON(@Series) AS s
    JOIN OPENJSON(@Places) AS p ON p.[key] = s.[key]
    JOIN OPENJSON(@Amounts) AS a ON a.[key] = s.[key];

    -- 0, 1, 2 … as far as any of the steps below counts
    SELECT v.N
    INTO #digits
    FROM (VALUES
        (0),
        (1),
        (2),
        (3),
        (4),
        (5),
        (6),
        (7)
    ) AS v (N);
    SELECT TOP ( 1 + @Horizon + @Origins + 14 * @Period )
        CAST(ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS INT) - 1 AS Number
    INTO #numbers
    FROM #digits AS a
    CROSS JOIN #digits AS b
    CROSS JOIN #digits AS c
    CROSS JOIN #digits AS d
    CROSS JOIN #digits AS e;

    -- what a value was expected to be by those of its season before: weights fall by a fifth from period to period
    SELECT
        g.Series,
        g.Place,
        g.Amount,
        SUM(POWER(@fading, n.Number) * b.Amount) /
        SUM(CASE WHEN b.Amount IS NOT NULL THEN POWER(@fading, n.Number) END) AS Usual
    INTO #expected
    FROM #given AS g
    JOIN #numbers AS n ON n.Number BETWEEN 1 AND 14
    LEFT JOIN #given AS b ON b.Series = g.Series AND b.Place = g.Place - @Period * n.Number
    GROUP BY g.Series, g.Place, g.Amount;

    SELECT e.Series, e.LastPlace, n.Number, e.LastPlace - @Stride * n.Number AS Origin
    INTO #begun
    FROM (
        SELECT g.Series, MIN(g.Place) AS FirstPlace, MAX(g.Place) AS LastPlace
        FROM #given AS g
        GROUP BY g.Series
    ) AS e
    JOIN #numbers AS n ON n.Number <= @Origins
    WHERE n.Number = 0 OR e.LastPlace - @Stride * n.Number >= e.FirstPlace + 3 * @Period;

    SELECT
        b.Series,
        b.LastPlace,
        b.Number,
        b.Origin,
        MAX(x.Place) AS NewestPlace,
        SUM(w.Weight * x.Amount) / SUM(w.Weight) AS Level,
        COALESCE(
            SUM(CASE WHEN w.IsLate = 1 THEN w.Weight * (x.Amount - x.Usual) END) /
            SUM(CASE WHEN w.IsLate = 1 THEN w.Weight END),
            0
        ) AS Deviation,
        COALESCE(
            (COUNT_BIG(*) * SUM(w.Ahead * x.Amount) - SUM(w.Ahead) * SUM(x.Amount)) /
            NULLIF(COUNT_BIG(*) * SUM(SQUARE(w.Ahead)) - SQUARE(SUM(w.Ahead)), 0),
            0
        ) AS Slope
    INTO #origins
    FROM #begun AS b
    JOIN #expected AS x ON x.Series = b.Series AND x.Place > b.Origin - 14 * @Period AND x.Place <= b.Origin
    CROSS APPLY (
        SELECT
            POWER(@fading, b.Origin - x.Place) AS Weight,
            CAST(x.Place - b.Origin AS FLOAT) AS Ahead,
            -- of the last season, and with something to deviate from
            CASE WHEN x.Place > b.Origin - @Period AND x.Usual IS NOT NULL THEN 1 ELSE 0 END AS IsLate
    ) AS w
    GROUP BY b.Series, b.LastPlace, b.Number, b.Origin
    HAVING MAX(x.Place) > b.Origin - @Period;

    SELECT
        o.Series,
        o.Number,
        l.Number AS Lead,
        (l.Number + @Period - 1) / @Period AS Cycle,
        o.Origin + l.Number AS Target,
        w.Amount AS Newest,
        o.Level,
        o.Deviation,
        o.Slope
    INTO #targets
    FROM #origins AS o
    JOIN #given AS w ON w.Series = o.Series AND w.Place = o.NewestPlace
    JOIN #numbers AS l ON l.Number BETWEEN 1 AND @Horizon
    WHERE o.Number = 0 OR o.Origin + l.Number <= o.LastPlace;

    SELECT
        t.Series,
        t.Number,
        t.Lead,
        MIN(k.Number) AS Nearest,
        SUM(POWER(@fading, k.Number) * g.Amount) / SUM(POWER(@fading, k.Number)) AS Season,
        SUM(POWER(@fading, k.Number) * (t.Target - g.Place)) / SUM(POWER(@fading, k.Number)) AS Distance
    INTO #seasons
    FROM #targets AS t
    JOIN #numbers AS k ON k.Number < 14
    JOIN #given AS g ON g.Series = t.Series AND g.Place = t.Target - @Period * (t.Cycle + k.Number)
    GROUP BY t.Series, t.Number, t.Lead;

    SELECT t.Series, t.Number, t.Lead, t.Cycle, t.Target, m.Preference, m.Method, m.Forecast
    INTO #tried
    FROM #targets AS t
    JOIN #seasons AS s ON s.Series = t.Series AND s.Number = t.Number AND s.Lead = t.Lead
    JOIN #given AS g ON g.Series = t.Series AND g.Place = t.Target - @Period * (t.Cycle + s.Nearest)
    CROSS APPLY (VALUES
        (1, N'SEASONAL_LEVEL', s.Season + POWER(@damping, t.Lead) * t.Deviation),
        (2, N'SEASONAL', s.Season),
        (3, N'SEASONAL_DRIFT', s.Season + t.Slope * s.Distance),
        (4, N'LEVEL', t.Level),
        (5, N'SEASONAL_NAIVE', g.Amount),
        (6, N'NAIVE', t.Newest)
    ) AS m (Preference, Method, Forecast);

    SELECT t.Series, t.Cycle, t.Lead, t.Preference, g.Amount - t.Forecast AS Error
    INTO #erred
    FROM #tried AS t
    JOIN #given AS g ON g.Series = t.Series AND g.Place = t.Target
    WHERE t.Number > 0;

    SELECT e.Series, e.Cycle, e.Preference, AVG(ABS(e.Error)) AS Mae
    INTO #scored
    FROM #erred AS e
    GROUP BY e.Series, e.Cycle, e.Preference;

    SELECT
        b.Series,
        b.Cycle,
        b.Preference,
        b.Mae,
        n.Mae AS NaiveMae,
        LEAD(b.Cycle, 1, 1000000) OVER (PARTITION BY b.Series ORDER BY b.Cycle) AS NextCycle
    INTO #chosen
    FROM (
        SELECT
            s.*,
            ROW_NUMBER() OVER (PARTITION BY s.Series, s.Cycle ORDER BY ROUND(s.Mae, 9), s.Preference) AS Place
        FROM #scored AS s
    ) AS b
    JOIN #scored AS n ON n.Series = b.Series AND n.Cycle = b.Cycle AND n.Preference = 5
    WHERE b.Place = 1;

    SELECT
        e.Series,
        e.Lead + n.Step AS Lead,
        e.Error,
        ROW_NUMBER() OVER (PARTITION BY e.Series, e.Lead + n.Step ORDER BY e.Error) AS Place,
        COUNT_BIG(*) OVER (PARTITION BY e.Series, e.Lead + n.Step) AS Errors
    INTO #near
    FROM #erred AS e
    JOIN #chosen AS c ON c.Series = e.Series AND c.Cycle = e.Cycle AND c.Preference = e.Preference
    JOIN (VALUES
        (-1),
        (0),
        (1)
    ) AS n (Step) ON (e.Lead + n.Step + @Period - 1) / @Period = e.Cycle;

    SELECT
        n.Series,
        n.Lead,
        n.Errors,
        MAX(
            CASE
                WHEN n.Place = CASE
                    WHEN n.Errors < 79 THEN 1
                    ELSE FLOOR((n.Errors + 1) * 0.025E0)
                END THEN n.Error
            END
        ) AS Least,
        MAX(
            CASE
                WHEN n.Place = CASE
                    WHEN n.Errors < 40 THEN n.Errors
                    ELSE CEILING((n.Errors + 1) * 0.975E0)
                END THEN n.Error
            END
        ) AS Greatest
    INTO #spread
    FROM #near AS n
    WHERE n.Errors >= 20
    GROUP BY n.Series, n.Lead, n.Errors;

    SELECT
        t.Series,
        t.Target,
        t.Lead,
        t.Method,
        t.Forecast,
        c.Mae,
        c.NaiveMae,
        w.Lead AS TriedLead,
        MAX(w.Lead) OVER (PARTITION BY t.Series) AS Farthest
    INTO #going
    FROM #tried AS t
    LEFT JOIN #chosen AS c ON c.Series = t.Series AND t.Cycle >= c.Cycle AND t.Cycle < c.NextCycle
    LEFT JOIN #spread AS w ON w.Series = t.Series AND w.Lead = t.Lead
    WHERE t.Number = 0 AND t.Preference = COALESCE(c.Preference, 1);

    SELECT
        g.Series,
        g.Target AS Place,
        g.Method,
        g.Forecast,
        g.Forecast + CASE WHEN g.Lead > w.Lead THEN -r.Reach * g.Lead / w.Lead ELSE r.Least END AS Low,
        g.Forecast + CASE WHEN g.Lead > w.Lead THEN r.Reach * g.Lead / w.Lead ELSE r.Greatest END AS High,
        COALESCE(w.Errors, 0) AS Errors,
        g.Mae,
        g.NaiveMae
    FROM #going AS g
    LEFT JOIN #spread AS w
        ON w.Series = g.Series
            AND w.Lead = CASE
                WHEN g.TriedLead IS NULL AND g.Farthest < g.Lead THEN g.Farthest
                ELSE g.TriedLead
            END
    CROSS APPLY (
        SELECT
            CASE WHEN w.Least > 0 THEN 0 ELSE w.Least END AS Least,
            CASE WHEN w.Greatest < 0 THEN 0 ELSE w.Greatest END AS Greatest,
            CASE
                WHEN w.Greatest >= 0 AND (w.Greatest >= -w.Least OR w.Least > 0) THEN w.Greatest
                ELSE -w.Least
            END AS Reach
    ) AS r
    ORDER BY g.Series, g.Target;
    RETURN 0;
END;
