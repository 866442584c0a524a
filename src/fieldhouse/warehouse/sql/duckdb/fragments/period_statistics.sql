-- From sourced(Period, Field1..Field8), where Period is a number: statistics(Period, ...), one row a
-- period. Deviations are taken around the mean, both off the period's minimum, subtracted exactly, so that far-off
-- levels cost no digits; on a scale on which the period's range is 2 * 10^9 their squares are added up as whole
-- numbers, so that the order of the readings costs none either: the same readings deviate by the same, to the last
-- digit.
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
spanned AS (
    SELECT
        -- each field
        2e9 / nullif((c.Field#Max::DECIMAL(19, 6) - c.Field#Min)::DOUBLE, 0) AS Scale#,
        (c.Field#Sum - c.Field#Count * c.Field#Min)::DOUBLE / c.Field#Count AS Mean#,
        -- end
        c.*
    FROM centred AS c
),
spread AS (
    SELECT
        sum((o.Off# * o.Off#)::BIGINT)::DOUBLE AS Squares#, -- each field
        o.Period
    FROM (
        SELECT
            ((s.Field#::DECIMAL(19, 6) - c.Field#Min)::DOUBLE - c.Mean#) * c.Scale# AS Off#, -- each field
            s.Period
        FROM sourced AS s
        JOIN spanned AS c ON c.Period = s.Period
    ) AS o
    GROUP BY o.Period
),
statistics AS (
    SELECT
        c.Period,
        -- each field
        c.Field#Sum::DOUBLE / c.Field#Count AS Field#Avg, c.Field#Min, c.Field#Max,
        CASE WHEN c.Field#Count > 1
            THEN coalesce(sqrt(d.Squares# / (c.Field#Count - 1)) / c.Scale#, 0)
        END AS Field#StdDev,
        c.Field#Count, c.Field#Sum,
        -- end
        c.ReadingCount
    FROM spanned AS c
    JOIN spread AS d ON d.Period = c.Period
)
