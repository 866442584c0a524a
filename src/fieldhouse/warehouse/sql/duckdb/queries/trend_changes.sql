-- trend_changes(series, places, amounts): where the level of series changed, after Pettitt: the place at which the new
-- level begins. Of places that are as likely the first. A series of less than three amounts has no row.
WITH
given AS (
    SELECT
        unnest($series::INTEGER[]) AS Series, unnest($places::INTEGER[]) AS Place, unnest($amounts::DOUBLE[]) AS Amount
),
ranked AS (
    SELECT
        g.*, count(*) OVER (PARTITION BY g.Series) AS Points,
        2 * rank() OVER (PARTITION BY g.Series ORDER BY g.Amount)
        + count(*) OVER (PARTITION BY g.Series, g.Amount) - 2 - count(*) OVER (PARTITION BY g.Series) AS Standing
    FROM given AS g
    WHERE g.Amount IS NOT NULL
    QUALIFY Points >= 3
),
summed AS (
    SELECT
        r.*, sum(r.Standing) OVER straight AS U, lead(r.Place) OVER straight AS NextPlace
    FROM ranked AS r
    WINDOW straight AS (PARTITION BY r.Series ORDER BY r.Place)
),
changed AS (
    SELECT
        s.Series, any_value(s.Points)::DOUBLE AS Points, max(abs(s.U))::DOUBLE AS K,
        arg_max(s.NextPlace, {'U': abs(s.U), 'Earliness': -s.Place}) AS ChangeAt
    FROM summed AS s
    WHERE s.NextPlace IS NOT NULL
    GROUP BY s.Series
)
SELECT
    c.Series, any_value(c.Points)::BIGINT AS Points, any_value(c.K) AS K,
    any_value(least(1, 2 * exp(-6 * c.K * c.K / (c.Points * c.Points * (c.Points + 1))))) AS P, c.ChangeAt,
    avg(r.Amount) FILTER (r.Place < c.ChangeAt) AS LevelBefore,
    avg(r.Amount) FILTER (r.Place >= c.ChangeAt) AS LevelAfter
FROM changed AS c
JOIN ranked AS r ON r.Series = c.Series
GROUP BY c.Series, c.ChangeAt
ORDER BY c.Series;
