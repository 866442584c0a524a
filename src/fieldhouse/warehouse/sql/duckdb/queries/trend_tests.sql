-- trend_tests(series, places, amounts, period): whether series rise or fall, by Mann and Kendall: plain, after Hamed
-- and Rao, and within the seasons of a period. Each place of a series has one amount, or none. HAMED_RAO widens the
-- variance by the autocorrelation of the ranks of what is left beside the slope. The slope, by the place, is Theil's
-- and Sen's, and its interval, of 95 %, stands where the variance says. The intercept is the level at the first place.
-- A series of less than three amounts has no row. A variance that the correction takes to nothing is NULL, and so is an
-- interval for which the slopes are too few: from the least to the greatest it would be one of less than 95 %.
WITH
given AS (
    SELECT
        unnest($series::INTEGER[]) AS Series, unnest($places::INTEGER[]) AS Place, unnest($amounts::DOUBLE[]) AS Amount
),
placed AS MATERIALIZED (
    SELECT
        g.*, count(*) OVER straight AS Points, g.Place - min(g.Place) OVER straight AS Away,
        row_number() OVER (PARTITION BY g.Series ORDER BY g.Place) AS Rank
    FROM given AS g
    WHERE g.Amount IS NOT NULL
    WINDOW straight AS (PARTITION BY g.Series)
    QUALIFY Points >= 3
),
modes AS (
    SELECT unnest(['MANN_KENDALL', 'SEASONAL']) AS Method, unnest([1, $period::INTEGER]) AS Period
),
-- each amount's part of the variance: by how many it is compared with, and how many of them are the same
varied AS (
    SELECT
        v.Series, v.Method,
        sum((v.Compared - 1) * (2 * v.Compared + 5) - (v.Tied - 1) * (2 * v.Tied + 5)) / 18.0 AS Variance
    FROM (
        SELECT
            p.Series, m.Method,
            count(*) OVER (PARTITION BY p.Series, m.Method, p.Away % m.Period) AS Compared,
            count(*) OVER (PARTITION BY p.Series, m.Method, p.Away % m.Period, p.Amount) AS Tied
        FROM placed AS p
        CROSS JOIN modes AS m
    ) AS v
    GROUP BY v.Series, v.Method
),
compared AS MATERIALIZED (
    SELECT
        a.Series, m.Method, sum(sign(b.Amount - a.Amount)) AS S, count(*) AS Pairs,
        list_sort(list((b.Amount - a.Amount) / (b.Place - a.Place))) AS Slopes
    FROM placed AS a
    JOIN placed AS b ON b.Series = a.Series AND b.Place > a.Place
    JOIN modes AS m ON (b.Place - a.Place) % m.Period = 0
    GROUP BY a.Series, m.Method
),
sloped AS MATERIALIZED (
    SELECT c.*, (c.Slopes[(c.Pairs + 1) // 2] + c.Slopes[(c.Pairs + 2) // 2]) / 2 AS Slope FROM compared AS c
),
middles AS (
    SELECT p.Series, any_value(p.Points) AS Points, median(p.Amount) AS Amount, median(p.Away::DOUBLE) AS Away
    FROM placed AS p
    GROUP BY p.Series
),
-- around their mean, doubled: whole numbers, so that every engine's sums are the same
ranked AS MATERIALIZED (
    SELECT
        d.Series, d.Rank, d.Points,
        2 * rank() OVER (PARTITION BY d.Series ORDER BY d.Rest)
        + count(*) OVER (PARTITION BY d.Series, d.Rest) - 2 - d.Points AS Standing
    FROM (
        SELECT p.Series, p.Rank, p.Points, p.Amount - p.Rank * s.Slope AS Rest
        FROM placed AS p
        JOIN sloped AS s ON s.Series = p.Series AND s.Method = 'MANN_KENDALL'
    ) AS d
),
lagged AS (
    SELECT
        a.Series, b.Rank - a.Rank AS Lag, any_value(a.Points)::DOUBLE AS Points,
        sum(a.Standing * b.Standing) / any_value(t.Total)::DOUBLE AS Likeness
    FROM ranked AS a
    JOIN ranked AS b ON b.Series = a.Series AND b.Rank > a.Rank
    JOIN (SELECT r.Series, nullif(sum(r.Standing * r.Standing), 0) AS Total FROM ranked AS r GROUP BY r.Series) AS t
        ON t.Series = a.Series
    GROUP BY a.Series, b.Rank - a.Rank
),
widened AS (
    SELECT
        l.Series,
        1 + 2 / (l.Points * (l.Points - 1) * (l.Points - 2))
        * coalesce(
            sum((l.Points - l.Lag) * (l.Points - l.Lag - 1) * (l.Points - l.Lag - 2) * l.Likeness)
                FILTER (abs(l.Likeness) > 1.959963984540054 / sqrt(l.Points)),
            0
        ) AS Factor
    FROM lagged AS l
    GROUP BY l.Series, l.Points
),
tested AS (
    SELECT s.*, v.Variance
    FROM sloped AS s
    JOIN varied AS v ON v.Series = s.Series AND v.Method = s.Method
    UNION ALL
    SELECT s.* REPLACE ('HAMED_RAO' AS Method), v.Variance * CASE WHEN w.Factor > 1e-9 THEN w.Factor END
    FROM sloped AS s
    JOIN varied AS v ON v.Series = s.Series AND v.Method = s.Method
    JOIN widened AS w ON w.Series = s.Series
    WHERE s.Method = 'MANN_KENDALL'
),
judged AS (
    SELECT
        t.*,
        CASE WHEN t.S = 0 THEN 0 WHEN t.Variance > 0 THEN (t.S - sign(t.S)) / sqrt(t.Variance) END AS Z,
        1.959963984540054 * sqrt(t.Variance) AS Reach
    FROM tested AS t
)
SELECT
    j.Series, j.Method, m.Points, j.S, j.Variance, j.Z, 2 * iot.NormalTail(j.Z) AS P, j.S / j.Pairs AS Tau, j.Slope,
    m.Amount - m.Away * j.Slope AS Intercept,
    CASE WHEN j.Pairs - j.Reach >= 1 THEN j.Slopes[round((j.Pairs - j.Reach) / 2)::BIGINT] END AS SlopeLow,
    CASE WHEN j.Pairs - j.Reach >= 1 THEN j.Slopes[least(j.Pairs, round((j.Pairs + j.Reach) / 2)::BIGINT + 1)] END
        AS SlopeHigh
FROM judged AS j
JOIN middles AS m ON m.Series = j.Series
ORDER BY j.Series, j.Method;
