-- From wholes(ChannelID, AggregationType, PeriodStart), days and weeks: what these come to, of their hours, as rows of
-- iot.Periods. One without hours is to go. Sums are exact. Hours lie off the least value of all, subtracted exactly:
-- far-off levels cost no digits; and they are taken in their order, so that what is merged again is the same.
parts AS (
    SELECT
        w.1 AS Whole, w.2 AS WholeStart, g.*
    FROM iot.AggregatedData AS g
    ARRAY JOIN [
        ('DAILY', toStartOfDay(g.PeriodStart)), ('WEEKLY', toDateTime64(toMonday(g.PeriodStart), 6, 'UTC'))
    ] AS w
    WHERE
        g.AggregationType = 'HOURLY' AND g.ChannelID IN (SELECT t.ChannelID FROM wholes AS t)
        AND g.PeriodStart >= (SELECT min(t.PeriodStart) FROM wholes AS t)
        AND g.PeriodStart < (SELECT max(t.PeriodStart) + INTERVAL 7 DAY FROM wholes AS t)
        AND (g.ChannelID, w.1, w.2) IN (SELECT t.ChannelID, t.AggregationType, t.PeriodStart FROM wholes AS t)
),
merged AS (
    SELECT
        -- each field
        min(p.Field#Min) AS Least#, max(p.Field#Max) AS Greatest#, sum(p.Field#Sum) AS Sum#, sum(p.Field#Count) AS Count#,
        arraySort(groupArrayIf(
            (p.PeriodStart, p.Field#Count, assumeNotNull(p.Field#Sum), ifNull(p.Field#StdDev, 0)), p.Field#Count > 0
        )) AS Parts#,
        arrayMap(h -> toFloat64(h.3 - h.2 * toDecimal128(assumeNotNull(Least#), 6)), Parts#) AS Offs#,
        arraySum((h, o) -> h.4 * h.4 * (h.2 - 1) + o * o / h.2, Parts#, Offs#) AS Squares#,
        -- end
        p.ChannelID, p.Whole, p.WholeStart, sum(p.ReadingCount) AS Readings
    FROM parts AS p
    GROUP BY p.ChannelID, p.Whole, p.WholeStart
)
SELECT
    t.ChannelID, t.AggregationType, t.PeriodStart,
    least(
        t.PeriodStart + toIntervalDay(if(t.AggregationType = 'DAILY', 1, 7)),
        toDateTime64('9999-12-31 23:59:59.999999', 6, 'UTC')
    ),
    -- each field
    toFloat64(m.Sum#) / nullIf(m.Count#, 0), m.Least#, m.Greatest#,
    if(
        m.Count# > 1,
        sqrt((m.Squares# - arraySum(m.Offs#) * arraySum(m.Offs#) / m.Count#) / (m.Count# - 1)), NULL
    ),
    coalesce(m.Count#, 0), m.Sum#,
    -- end
    coalesce(m.Readings, 0), {Version:UInt64}, m.Readings IS NULL
FROM wholes AS t
LEFT JOIN merged AS m
    ON m.ChannelID = t.ChannelID AND m.Whole = t.AggregationType AND m.WholeStart = t.PeriodStart;
