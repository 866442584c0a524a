-- From parts(Period, ...), with columns of AggregatedData: merged(Period, ...), one row a period, as if it were
-- made of the readings. Sums are exact. Parts lie off the least value of all, subtracted exactly: far-off levels
-- cost no digits, and a million readings one in a thousand million; and fsum, so that the order of the parts costs
-- none either: what is merged again of the same parts is the same, to the last digit.
whole AS (
    SELECT
        -- each field
        sum(p.Field#Sum) AS Field#Sum, min(p.Field#Min) AS Field#Min, max(p.Field#Max) AS Field#Max,
        sum(p.Field#Count)::BIGINT AS Field#Count,
        -- end
        p.Period, sum(p.ReadingCount)::BIGINT AS ReadingCount
    FROM parts AS p
    GROUP BY p.Period
),
around AS (
    SELECT
        -- each field
        p.Field#StdDev AS Within#, p.Field#Count AS N#, (p.Field#Sum - p.Field#Count * w.Field#Min)::DOUBLE AS Off#,
        -- end
        p.Period
    FROM parts AS p
    JOIN whole AS w ON w.Period = p.Period
),
squared AS (
    SELECT
        -- each field
        fsum(coalesce(a.Within# * a.Within# * (a.N# - 1), 0) + a.Off# * a.Off# / a.N#) AS Squares#,
        fsum(a.Off#) AS Off#,
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
        CASE WHEN w.Field#Count > 1
            THEN sqrt((d.Squares# - d.Off# * d.Off# / w.Field#Count) / (w.Field#Count - 1))
        END AS Field#StdDev,
        w.Field#Count, w.Field#Sum,
        -- end
        w.ReadingCount
    FROM whole AS w
    JOIN squared AS d ON d.Period = w.Period
)
