-- trend_changes(series, places, amounts): where the level of series changed, after Pettitt: the place at which the new
-- level begins. Of places that are as likely the first. A series of less than three amounts has no row.
WITH summed AS (
    SELECT
        g.1 AS Series, arraySort(groupArray((g.2, g.3))) AS Given, toFloat64(length(Given)) AS Points,
        arrayMap(x -> x.2, Given) AS Amounts,
        arrayPopBack(arrayMap(
            x -> abs(x), arrayCumSum(arrayMap(x -> arraySum(y -> toInt64(sign(x - y)), Amounts), Amounts))
        )) AS U,
        toFloat64(arrayMax(U)) AS Greatest, indexOf(U, arrayMax(U)) AS Before
    FROM (SELECT arrayJoin(arrayZip({series:Array(Int64)}, {places:Array(Int64)}, {amounts:Array(Float64)})) AS g)
    GROUP BY Series
    HAVING Points >= 3
)
SELECT
    s.Series AS Series, toInt64(s.Points) AS Points, s.Greatest AS K,
    least(1, 2 * exp(-6 * K * K / (s.Points * s.Points * (s.Points + 1)))) AS P,
    s.Given[s.Before + 1].1 AS ChangeAt,
    arrayAvg(arraySlice(s.Amounts, 1, s.Before)) AS LevelBefore, arrayAvg(arraySlice(s.Amounts, s.Before + 1)) AS LevelAfter
FROM summed AS s
ORDER BY s.Series;
