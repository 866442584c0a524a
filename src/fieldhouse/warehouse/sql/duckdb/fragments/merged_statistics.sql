-- From parts(Period, ...), with columns of AggregatedData: merged(Period, ...), one row a period, as if it were
-- made of the readings. Sums are exact. Parts lie off the least value of all, subtracted exactly: far-off levels
-- cost no digits. Squares are taken around the mean of all, on a scale on which the range is 10^9, and added up as
-- whole numbers, so that the order of the parts costs none either: what is merged again of the same parts is the
-- same, to the last digit.
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
ranged AS (
    SELECT
        -- each field
        1e9 / nullif((w.Field#Max::DECIMAL(19, 6) - w.Field#Min)::DOUBLE, 0) AS Scale#,
        (w.Field#Sum - w.Field#Count * w.Field#Min)::DOUBLE / w.Field#Count AS Mean#,
        -- end
        w.*
    FROM whole AS w
),
squared AS (
    SELECT
        sum((o.Within# * o.Within# * (o.N# - 1) + o.Off# * o.Off# * o.N#)::HUGEINT)::DOUBLE AS Squares#, -- each field
        o.Period
    FROM (
        SELECT
            -- each field
            coalesce(p.Field#StdDev, 0) * w.Scale# AS Within#, p.Field#Count AS N#,
            ((p.Field#Sum - p.Field#Count * w.Field#Min)::DOUBLE / p.Field#Count - w.Mean#) * w.Scale# AS Off#,
            -- end
            p.Period
        FROM parts AS p
        JOIN ranged AS w ON w.Period = p.Period
    ) AS o
    GROUP BY o.Period
),
merged AS (
    SELECT
        w.Period,
        -- each field
        w.Field#Sum::DOUBLE / w.Field#Count AS Field#Avg, w.Field#Min, w.Field#Max,
        CASE WHEN w.Field#Count > 1
            THEN coalesce(sqrt(d.Squares# / (w.Field#Count - 1)) / w.Scale#, 0)
        END AS Field#StdDev,
        w.Field#Count, w.Field#Sum,
        -- end
        w.ReadingCount
    FROM ranged AS w
    JOIN squared AS d ON d.Period = w.Period
)
