-- From parts(Period, ...), with columns of AggregatedData: merged(Period, ...), one row a period, as if it were
-- made of the readings. Sums are exact. What a part's mean is off is taken from the whole's, at six
-- decimals, and what that one is off is taken off again: far-off levels and many parts cost no digits.
whole AS (
    SELECT
        p.Period,
        -- each field
        sum(p.Field#Sum) AS Field#Sum, min(p.Field#Min) AS Field#Min, max(p.Field#Max) AS Field#Max,
        sum(p.Field#Count)::BIGINT AS Field#Count,
        (sum(p.Field#Sum) / sum(p.Field#Count))::DECIMAL(19, 6) AS Centre#,
        -- end
        sum(p.ReadingCount)::BIGINT AS ReadingCount
    FROM parts AS p
    GROUP BY p.Period
),
around AS (
    SELECT
        -- each field
        p.Field#StdDev AS Within#, p.Field#Count AS N#,
        (p.Field#Sum - p.Field#Count * w.Centre#)::DOUBLE AS Off#,
        -- end
        p.Period
    FROM parts AS p
    JOIN whole AS w ON w.Period = p.Period
),
squared AS (
    SELECT
        -- each field
        sum(coalesce(a.Within# * a.Within# * (a.N# - 1), 0) + a.Off# * a.Off# / a.N#)
        - sum(a.Off#) * sum(a.Off#) / sum(a.N#) AS Squares#,
        -- end
        a.Period
    FROM around AS a
    GROUP BY a.Period
),
merged AS (
    SELECT
        w.Period,
        -- each field
        w.Field#Sum::DOUBLE / w.Field#Count AS Field#Avg, w.Field#Min, w.Field#Max,
        CASE WHEN w.Field#Min < w.Field#Max THEN sqrt(d.Squares# / (w.Field#Count - 1))
            WHEN w.Field#Count > 1 THEN 0
        END AS Field#StdDev,
        w.Field#Count, w.Field#Sum,
        -- end
        w.ReadingCount
    FROM whole AS w
    JOIN squared AS d ON d.Period = w.Period
)
