-- usp_TrendTests(series, places, amounts, period): whether series rise or fall, by Mann and Kendall: plain, after Hamed
-- and Rao, and within the seasons of a period. Each place of a series has one amount, or none. HAMED_RAO widens the
-- variance by the autocorrelation of the ranks of what is left beside the slope. The slope, by the place, is Theil's
-- and Sen's, and its interval, of 95 %, stands where the variance says. The intercept is the level at the first place.
-- A series of less than three amounts has no row. A variance that the correction takes to nothing is NULL, and so is an
-- interval for which the slopes are too few: from the least to the greatest it would be one of less than 95 %.
CREATE OR ALTER PROCEDURE iot.usp_TrendTests
    @Series NVARCHAR(MAX),
    @Places NVARCHAR(MAX),
    @Amounts NVARCHAR(MAX),
    @Period INT = 7
AS
BEGIN
    SET NOCOUNT ON;
    -- include series_table
    -- each amount's part of the variance: by how many it is compared with, and how many of them are the same
    SELECT
        v.Series,
        v.Period,
        SUM((v.Compared - 1) * (2 * v.Compared + 5) - (v.Tied - 1) * (2 * v.Tied + 5)) / 18E0 AS Variance
    INTO #varied
    FROM (
        SELECT
            s.Series,
            m.Period,
            COUNT_BIG(*) OVER (PARTITION BY s.Series, m.Period, s.Away % m.Period) AS Compared,
            COUNT_BIG(*) OVER (PARTITION BY s.Series, m.Period, s.Away % m.Period, s.Amount) AS Tied
        FROM #series AS s
        CROSS JOIN (
            SELECT 1 AS Period
            UNION
            SELECT @Period
        ) AS m
    ) AS v
    GROUP BY v.Series, v.Period;

    -- each with those that come later
    SELECT
        a.Series,
        m.Period,
        SIGN(b.Amount - a.Amount) AS Direction,
        (b.Amount - a.Amount) / (b.Place - a.Place) AS Slope
    INTO #pairs
    FROM #series AS a
    JOIN #series AS b ON b.Series = a.Series AND b.Number > a.Number
    JOIN (
        SELECT 1 AS Period
        UNION
        SELECT @Period
    ) AS m ON (b.Place - a.Place) % m.Period = 0;

    SELECT
        p.Series,
        p.Period,
        p.Slope,
        ROW_NUMBER() OVER (PARTITION BY p.Series, p.Period ORDER BY p.Slope) AS Number
    INTO #slopes
    FROM #pairs AS p;

    SELECT
        c.Series,
        c.Period,
        c.S,
        c.Pairs,
        (
            SELECT AVG(l.Slope)
            FROM #slopes AS l
            WHERE l.Series = c.Series
                AND l.Period = c.Period
                AND l.Number BETWEEN (c.Pairs + 1) / 2 AND (c.Pairs + 2) / 2
        ) AS Slope
    INTO #compared
    FROM (
        SELECT p.Series, p.Period, SUM(p.Direction) AS S, COUNT_BIG(*) AS Pairs
        FROM #pairs AS p
        GROUP BY p.Series, p.Period
    ) AS c;

    SELECT s.Series, s.Number, s.Points, s.Amount - s.Number * c.Slope AS Rest
    INTO #rests
    FROM #series AS s
    JOIN #compared AS c ON c.Series = s.Series AND c.Period = 1;

    -- ranks around their mean, doubled: whole numbers, so that every engine's sums are the same
    SELECT
        r.Series,
        r.Number,
        r.Points,
        2 * RANK() OVER (PARTITION BY r.Series ORDER BY r.Rest) +
        COUNT_BIG(*) OVER (PARTITION BY r.Series, r.Rest) -
        2 -
        r.Points AS Standing
    INTO #ranked
    FROM #rests AS r;

    SELECT
        l.Series,
        1 +
        2 / (l.Points * (l.Points - 1) * (l.Points - 2)) *
        SUM(
            CASE
                WHEN ABS(l.Likeness) > 1.959963984540054E0 / SQRT(l.Points) THEN (l.Points - l.Lag) *
                (l.Points - l.Lag - 1) *
                (l.Points - l.Lag - 2) *
                l.Likeness
                ELSE 0
            END
        ) AS Factor
    INTO #widened
    FROM (
        SELECT
            a.Series,
            CAST(a.Points AS FLOAT) AS Points,
            b.Number - a.Number AS Lag,
            COALESCE(CAST(SUM(a.Standing * b.Standing) AS FLOAT) / NULLIF(t.Total, 0), 0) AS Likeness
        FROM #ranked AS a
        JOIN #ranked AS b ON b.Series = a.Series AND b.Number > a.Number
        JOIN (
            SELECT r.Series, SUM(r.Standing * r.Standing) AS Total FROM #ranked AS r GROUP BY r.Series
        ) AS t ON t.Series = a.Series
        GROUP BY a.Series, a.Points, b.Number - a.Number, t.Total
    ) AS l
    GROUP BY l.Series, l.Points;

    SELECT
        c.Series,
        m.Method,
        c.Period,
        c.S,
        c.Pairs,
        c.Slope,
        v.Variance * m.Factor AS Variance,
        1.959963984540054E0 * SQRT(v.Variance * m.Factor) AS Reach
    INTO #tested
    FROM #compared AS c
    JOIN #varied AS v ON v.Series = c.Series AND v.Period = c.Period
    JOIN #widened AS w ON w.Series = c.Series
    JOIN (VALUES
        (N'MANN_KENDALL', 1),
        (N'HAMED_RAO', 1),
        (N'SEASONAL', @Period)
    ) AS k (Method, Period) ON k.Period = c.Period
    CROSS APPLY (
        SELECT
            k.Method,
            CASE
                WHEN k.Method <> N'HAMED_RAO' THEN 1
                WHEN w.Factor > 1E-9 THEN w.Factor
            END AS Factor
    ) AS m;

    SELECT
        n.Series,
        n.Points,
        AVG(
            CASE
                WHEN n.Number BETWEEN (n.Points + 1) / 2 AND (n.Points + 2) / 2 THEN CAST(n.Away AS FLOAT)
            END
        ) AS Away,
        AVG(CASE WHEN n.Place BETWEEN (n.Points + 1) / 2 AND (n.Points + 2) / 2 THEN n.Amount END) AS Amount
    INTO #middles
    FROM (
        SELECT
            s.Series,
            s.Points,
            s.Away,
            s.Number,
            s.Amount,
            ROW_NUMBER() OVER (PARTITION BY s.Series ORDER BY s.Amount) AS Place
        FROM #series AS s
    ) AS n
    GROUP BY n.Series, n.Points;

    SELECT
        j.Series,
        j.Method,
        m.Points,
        j.S,
        j.Variance,
        j.Z,
        2 * iot.ufn_NormalTail(j.Z) AS P,
        j.S / j.Pairs AS Tau,
        j.Slope,
        m.Amount - m.Away * j.Slope AS Intercept,
        l.Slope AS SlopeLow,
        h.Slope AS SlopeHigh
    FROM (
        SELECT
            t.*,
            CASE
                WHEN t.S = 0 THEN 0
                WHEN t.Variance > 0 THEN (t.S - SIGN(t.S)) /
                SQRT(CASE WHEN t.Variance > 0 THEN t.Variance END)
            END AS Z,
            CASE
                WHEN t.Pairs - t.Reach < 1 THEN NULL
                WHEN t.Pairs - t.Reach < 2 THEN 1
                ELSE ROUND((t.Pairs - t.Reach) / 2, 0)
            END AS LowNumber,
            CASE
                WHEN t.Pairs - t.Reach < 1 THEN NULL
                WHEN ROUND((t.Pairs + t.Reach) / 2, 0) >= t.Pairs THEN t.Pairs
                ELSE ROUND((t.Pairs + t.Reach) / 2, 0) + 1
            END AS HighNumber
        FROM #tested AS t
    ) AS j
    JOIN #middles AS m ON m.Series = j.Series
    LEFT JOIN #slopes AS l
        ON l.Series = j.Series AND l.Period = j.Period AND l.Number = CAST(j.LowNumber AS BIGINT)
    LEFT JOIN #slopes AS h
        ON h.Series = j.Series AND h.Period = j.Period AND h.Number = CAST(j.HighNumber AS BIGINT)
    ORDER BY j.Series, j.Method;
    RETURN 0;
END;
