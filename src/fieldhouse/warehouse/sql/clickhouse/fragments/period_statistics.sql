-- From sourced(Period, Field1..Field8): statistics(Period, Fields, ReadingCount), one row a period. Fields has of each
-- field, one after the other, its number, Avg, Min, Max, StdDev, Count and Sum. A field is a row till then: to plan the
-- same for eight columns takes longer than to compute it. Deviations are computed of the exact sums of the values and of
-- their squares, so that far-off levels cost no digits.
summed AS (
    SELECT
        s.Period, f.1 AS Number, sum(f.2) AS Total, sum(toDecimal256(f.2, 6) * f.2) AS Squares,
        min(f.2) AS Least, max(f.2) AS Greatest, toInt64(count(f.2)) AS Count, toInt64(count()) AS Readings
    FROM sourced AS s
    ARRAY JOIN [
        (#, s.Field#) -- each field, comma between
    ] AS f
    GROUP BY s.Period, f.1
),
measured AS (
    SELECT
        c.Period, c.Readings,
        (
            c.Number, toFloat64(c.Total) / nullIf(c.Count, 0), c.Least, c.Greatest,
            if(
                c.Count > 1,
                sqrt(
                    toFloat64(c.Count * c.Squares - toDecimal256(c.Total, 6) * c.Total) / c.Count / (c.Count - 1)
                ), NULL
            ), c.Count, c.Total
        ) AS Field
    FROM summed AS c
),
statistics AS (
    SELECT m.Period, arraySort(f -> f.1, groupArray(m.Field)) AS Fields, any(m.Readings) AS ReadingCount
    FROM measured AS m
    GROUP BY m.Period
)
