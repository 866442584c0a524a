-- trend_tests(series, places, amounts, period): whether series rise or fall, by Mann and Kendall: plain, after Hamed
-- and Rao, and within the seasons of a period. Each place of a series has one amount, or none. HAMED_RAO widens the
-- variance by the autocorrelation of the ranks of what is left beside the slope. The slope, by the place, is Theil's
-- and Sen's, and its interval, of 95 %, stands where the variance says. The intercept is the level at the first place.
-- A series of less than three amounts has no row. A variance that the correction takes to nothing is NULL, and so is an
-- interval for which the slopes are too few: from the least to the greatest it would be one of less than 95 %.
-- A series is a row of arrays, so that it is read once.
WITH
placed AS (
    SELECT
        g.1 AS Series, arraySort(groupArray((g.2, g.3))) AS Given, toFloat64(length(Given)) AS Points,
        arrayMap(x -> x.1 - Given[1].1, Given) AS Away, arrayMap(x -> x.2, Given) AS Amounts,
        arrayEnumerate(Given) AS Ranks
    FROM (SELECT arrayJoin(arrayZip({series:Array(Int64)}, {places:Array(Int64)}, {amounts:Array(Float64)})) AS g)
    GROUP BY Series
    HAVING Points >= 3
),
-- each with those that come later: how far away, and by how much it differs
compared AS (
    SELECT
        p.*,
        arrayFlatten(arrayMap(
            (x, a, i) -> arrayMap((y, b) -> (b - a, y - x), arraySlice(p.Amounts, i + 1), arraySlice(p.Away, i + 1)),
            p.Amounts, p.Away, p.Ranks
        )) AS Pairs,
        arraySort(arrayMap(z -> z.2 / z.1, Pairs)) AS Slopes,
        (Slopes[intDiv(length(Slopes) + 1, 2)] + Slopes[intDiv(length(Slopes) + 2, 2)]) / 2 AS Slope,
        -- ranks around their mean, doubled: whole numbers, so that every engine's sums are the same
        arrayMap((x, i) -> x - i * Slope, p.Amounts, p.Ranks) AS Rests,
        arrayMap(x -> toFloat64(arraySum(y -> sign(x - y), Rests)), Rests) AS Standings,
        arraySum(y -> y * y, Standings) AS Total,
        arrayMap(
            i -> if(
                Total = 0, 0,
                arraySum((x, y) -> x * y, arraySlice(Standings, 1, length(Standings) - i), arraySlice(Standings, i + 1))
                / Total
            ),
            range(1, toUInt64(Points))
        ) AS Likenesses
    FROM placed AS p
),
tested AS (
    SELECT
        c.Series AS Series, c.Points AS Points, c.Amounts AS Amounts, c.Away AS Away, m AS Method,
        if(Method = 'SEASONAL', {period:Int64}, 1) AS Period,
        arrayFilter(z -> z.1 % Period = 0, c.Pairs) AS Pairs,
        if(Period = 1, c.Slopes, arraySort(arrayMap(z -> z.2 / z.1, Pairs))) AS Slopes,
        toFloat64(arraySum(z -> sign(z.2), Pairs)) AS S,
        arrayMap(x -> x % Period, c.Away) AS Seasons,
        -- each amount's part of the variance: by how many it is compared with, and how many of them are the same
        arraySum(
            (s, x) -> (countEqual(Seasons, s) - 1.) * (2. * countEqual(Seasons, s) + 5)
            - (arrayCount((t, y) -> t = s AND y = x, Seasons, c.Amounts) - 1.)
            * (2. * arrayCount((t, y) -> t = s AND y = x, Seasons, c.Amounts) + 5),
            Seasons, c.Amounts
        ) / 18 AS PlainVariance,
        if(
            Method != 'HAMED_RAO', 1,
            1 + 2 / (c.Points * (c.Points - 1) * (c.Points - 2)) * arraySum(
                (x, i) -> if(
                    abs(x) > 1.959963984540054 / sqrt(c.Points),
                    (c.Points - i) * (c.Points - i - 1) * (c.Points - i - 2) * x, 0
                ),
                c.Likenesses, arrayEnumerate(c.Likenesses)
            )
        ) AS Factor,
        if(Factor > 1e-9, PlainVariance * Factor, NULL) AS Variance,
        1.959963984540054 * sqrt(Variance) AS Reach
    FROM compared AS c
    ARRAY JOIN ['HAMED_RAO', 'MANN_KENDALL', 'SEASONAL'] AS m
)
SELECT
    t.Series AS Series, t.Method AS Method, toInt64(t.Points) AS Points, t.S AS S, t.Variance AS Variance,
    multiIf(t.S = 0, 0., t.Variance > 0, (t.S - sign(t.S)) / sqrt(t.Variance), NULL) AS Z, erfc(abs(Z) / sqrt(2)) AS P,
    t.S / length(t.Slopes) AS Tau,
    (t.Slopes[intDiv(length(t.Slopes) + 1, 2)] + t.Slopes[intDiv(length(t.Slopes) + 2, 2)]) / 2 AS Slope,
    arrayReduce('quantileExactInclusive(0.5)', t.Amounts)
    - arrayReduce('quantileExactInclusive(0.5)', arrayMap(x -> toFloat64(x), t.Away)) * Slope AS Intercept,
    if(
        isNull(t.Reach) OR length(t.Slopes) - t.Reach < 1, NULL,
        t.Slopes[greatest(1, toInt64(round((length(t.Slopes) - assumeNotNull(t.Reach)) / 2)))]
    ) AS SlopeLow,
    if(
        isNull(t.Reach) OR length(t.Slopes) - t.Reach < 1, NULL,
        t.Slopes[least(
            toInt64(length(t.Slopes)), toInt64(round((length(t.Slopes) + assumeNotNull(t.Reach)) / 2)) + 1
        )]
    ) AS SlopeHigh
FROM tested AS t
WHERE length(t.Slopes) > 0
ORDER BY t.Series, t.Method;
