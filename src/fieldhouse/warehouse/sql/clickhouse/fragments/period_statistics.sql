-- From sourced(Period, Field1..Field8): statistics(Period, ...), one row a period. Deviations are computed of the exact
-- sums of the values and of their squares, so that far-off levels cost no digits.
summed AS (
    SELECT
        s.Period,
        -- each field
        sum(s.Field#) AS Field#Sum, sum(toDecimal256(s.Field#, 6) * s.Field#) AS Field#Squares,
        min(s.Field#) AS Field#Min, max(s.Field#) AS Field#Max, count(s.Field#) AS Field#Count,
        -- end
        count() AS ReadingCount
    FROM sourced AS s
    GROUP BY s.Period
),
statistics AS (
    SELECT
        c.Period,
        -- each field
        toFloat64(c.Field#Sum) / nullIf(c.Field#Count, 0) AS Field#Avg, c.Field#Min, c.Field#Max,
        if(
            c.Field#Count > 1,
            sqrt(
                toFloat64(c.Field#Count * c.Field#Squares - toDecimal256(c.Field#Sum, 6) * c.Field#Sum)
                / c.Field#Count / (c.Field#Count - 1)
            ),
            NULL
        ) AS Field#StdDev,
        c.Field#Count, c.Field#Sum,
        -- end
        c.ReadingCount
    FROM summed AS c
)
