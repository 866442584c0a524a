-- From sourced(Period, Field1..Field8), where Period is a number: statistics(Period, ...), one row a
-- period. Deviations are taken around the period's minimum, subtracted exactly, so that far-off levels
-- cost no digits.
centred AS (
    SELECT
        s.Period,
        -- each field
        sum(s.Field#) AS Field#Sum, min(s.Field#) AS Field#Min, max(s.Field#) AS Field#Max,
        count(s.Field#) AS Field#Count,
        -- end
        count(*) AS ReadingCount
    FROM sourced AS s
    GROUP BY s.Period
),
spread AS (
    SELECT
        stddev_samp((s.Field#::DECIMAL(19, 6) - c.Field#Min)::DOUBLE) AS Field#StdDev, -- each field
        s.Period
    FROM sourced AS s
    JOIN centred AS c ON c.Period = s.Period
    GROUP BY s.Period
),
statistics AS (
    SELECT
        c.Period,
        -- each field
        c.Field#Sum::DOUBLE / c.Field#Count AS Field#Avg, c.Field#Min, c.Field#Max,
        d.Field#StdDev, c.Field#Count, c.Field#Sum,
        -- end
        c.ReadingCount
    FROM centred AS c
    JOIN spread AS d ON d.Period = c.Period
)
