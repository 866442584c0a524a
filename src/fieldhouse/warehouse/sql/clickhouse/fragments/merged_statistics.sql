-- From parts(ChannelID, AggregationType, PeriodStart, PartStart, Field1Sum.., ReadingCount), with columns of
-- AggregatedData: statistics(ChannelID, AggregationType, PeriodStart, Fields, ReadingCount), as period_statistics
-- makes them. Sums are exact. Parts lie off the least value of all, subtracted exactly: far-off levels cost no digits,
-- and they are taken in their order, so that what is merged again of the same parts is the same, to the last digit.
gathered AS (
    SELECT
        p.ChannelID, p.AggregationType, p.PeriodStart, f.1 AS Number,
        sum(f.2) AS Total, min(f.3) AS Least, max(f.4) AS Greatest, sum(f.6) AS Count, sum(p.ReadingCount) AS Readings,
        arraySort(groupArrayIf((p.PartStart, f.6, assumeNotNull(f.2), ifNull(f.5, 0)), f.6 > 0)) AS Parts
    FROM parts AS p
    ARRAY JOIN [
        -- each field, comma between
        (#, p.Field#Sum, p.Field#Min, p.Field#Max, p.Field#StdDev, p.Field#Count)
        -- end
    ] AS f
    GROUP BY p.ChannelID, p.AggregationType, p.PeriodStart, f.1
),
spaced AS (
    SELECT g.*, arrayMap(h -> toFloat64(h.3 - h.2 * toDecimal128(assumeNotNull(g.Least), 6)), g.Parts) AS Offsets
    FROM gathered AS g
),
measured AS (
    SELECT
        s.ChannelID, s.AggregationType, s.PeriodStart, s.Readings,
        (
            s.Number, toFloat64(s.Total) / nullIf(s.Count, 0), s.Least, s.Greatest,
            if(
                s.Count > 1,
                sqrt(
                    (
                        arraySum((h, o) -> h.4 * h.4 * (h.2 - 1) + o * o / h.2, s.Parts, s.Offsets)
                        - arraySum(s.Offsets) * arraySum(s.Offsets) / s.Count
                    ) / (s.Count - 1)
                ), NULL
            ), s.Count, s.Total
        ) AS Field
    FROM spaced AS s
),
statistics AS (
    SELECT
        m.ChannelID, m.AggregationType, m.PeriodStart,
        arraySort(f -> f.1, groupArray(m.Field)) AS Fields, any(m.Readings) AS ReadingCount
    FROM measured AS m
    GROUP BY m.ChannelID, m.AggregationType, m.PeriodStart
)
