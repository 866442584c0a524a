-- usp_TrendChanges(series, places, amounts): where the level of series changed, after Pettitt: the place at which the new
-- level begins. Of places that are as likely the first. A series of less than three amounts has no row.
CREATE OR ALTER PROCEDURE iot.usp_TrendChanges
    @Series NVARCHAR(MAX),
    @Places NVARCHAR(MAX),
    @Amounts NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    -- include series_table
    SELECT
        s.Series,
        s.Place,
        s.Number,
        s.Points,
        2 * RANK() OVER (PARTITION BY s.Series ORDER BY s.Amount) +
        COUNT_BIG(*) OVER (PARTITION BY s.Series, s.Amount) -
        2 -
        s.Points AS Standing
    INTO #ranked
    FROM #series AS s;

    SELECT
        r.Series,
        r.Place,
        ABS(SUM(r.Standing) OVER (PARTITION BY r.Series ORDER BY r.Number ROWS UNBOUNDED PRECEDING)) AS U,
        LEAD(r.Place) OVER (PARTITION BY r.Series ORDER BY r.Number) AS NextPlace
    INTO #summed
    FROM #ranked AS r;

    SELECT f.Series, f.NextPlace AS ChangeAt, CAST(f.U AS FLOAT) AS K
    INTO #changed
    FROM (
        SELECT
            u.Series,
            u.NextPlace,
            u.U,
            ROW_NUMBER() OVER (PARTITION BY u.Series ORDER BY u.U DESC, u.Place) AS Number
        FROM #summed AS u
        WHERE u.NextPlace IS NOT NULL
    ) AS f
    WHERE f.Number = 1;

    SELECT
        c.Series,
        s.Points,
        c.K,
        CASE WHEN p.P > 1 THEN 1 ELSE p.P END AS P,
        c.ChangeAt,
        AVG(CASE WHEN s.Place < c.ChangeAt THEN s.Amount END) AS LevelBefore,
        AVG(CASE WHEN s.Place >= c.ChangeAt THEN s.Amount END) AS LevelAfter
    FROM #changed AS c
    JOIN #series AS s ON s.Series = c.Series
    CROSS APPLY (
        SELECT 2 * EXP(-6 * c.K * c.K / (CAST(s.Points AS FLOAT) * s.Points * (s.Points + 1))) AS P
    ) AS p
    GROUP BY c.Series, s.Points, c.K, p.P, c.ChangeAt
    ORDER BY c.Series;
    RETURN 0;
END;
