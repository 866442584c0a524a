-- forecasts(series, places, amounts, period, stride, origins, horizon): how series go on after their last places, by
-- the method that has erred least on their own past. From each of some origins, a stride apart, every method forecasts
-- as if the rest were not known yet, and the last origin is the last place. Lead by lead the interval, of 95 %, holds
-- the middle of the errors of the method at this lead and its neighbours. It is NULL below twenty, and beyond the
-- leads that could be tried it grows with them, as far to both sides. A place in whose season nothing came for 14
-- periods has no forecast. Errors is how many the interval is made of, Mae how far the method was off, and NaiveMae the
-- last value of the same season.
WITH
given AS (
    SELECT g.1 AS Series, g.2 AS Place, g.3 AS Amount
    FROM (SELECT arrayJoin(arrayZip({series:Array(Int64)}, {places:Array(Int64)}, {amounts:Array(Float64)})) AS g)
),
-- what a value was expected to be by those of its season before: weights fall by a fifth from one period to the next
expected AS (
    SELECT
        g.Series AS Series, g.Place AS Place, any(g.Amount) AS Amount,
        sum(pow(0.8, g.Back) * b.Amount) / sum(if(b.Amount IS NULL, NULL, pow(0.8, g.Back))) AS Usual
    FROM (SELECT h.*, arrayJoin(range(1, 15)) AS Back FROM given AS h) AS g
    LEFT JOIN given AS b ON b.Series = g.Series AND b.Place = g.Place - {period:Int64} * g.Back
    GROUP BY g.Series, g.Place
),
begun AS (
    SELECT
        e.Series AS Series, e.LastPlace AS LastPlace, arrayJoin(range(0, toUInt64({origins:Int64}) + 1)) AS Number,
        e.LastPlace - {stride:Int64} * Number AS Origin
    FROM (
        SELECT g.Series AS Series, min(g.Place) AS FirstPlace, max(g.Place) AS LastPlace
        FROM given AS g
        GROUP BY g.Series
    ) AS e
    WHERE Number = 0 OR Origin >= e.FirstPlace + 3 * {period:Int64}
),
origins AS (
    SELECT
        b.Series AS Series, b.LastPlace AS LastPlace, b.Number AS Number, b.Origin AS Origin,
        argMax(x.Amount, x.Place) AS Newest, sum(pow(0.8, b.Ago) * x.Amount) / sum(pow(0.8, b.Ago)) AS Level,
        sumIf(pow(0.8, b.Ago) * (x.Amount - x.Usual), b.Ago < {period:Int64} AND x.Usual IS NOT NULL) AS Deviating,
        sumIf(pow(0.8, b.Ago), b.Ago < {period:Int64} AND x.Usual IS NOT NULL) AS Known,
        if(Known > 0, Deviating / Known, 0) AS Deviation,
        if(count() > 1, -covarPopStable(b.Ago, x.Amount) / varPopStable(b.Ago), 0) AS Slope
    FROM (SELECT c.*, arrayJoin(range(0, 14 * toUInt64({period:Int64}))) AS Ago FROM begun AS c) AS b
    JOIN expected AS x ON x.Series = b.Series AND x.Place = b.Origin - b.Ago
    GROUP BY b.Series, b.LastPlace, b.Number, b.Origin
    HAVING max(x.Place) > b.Origin - {period:Int64}
),
seasoned AS (
    SELECT
        t.Series AS Series, t.Number AS Number, t.Lead AS Lead, any(t.Cycle) AS Cycle, any(t.Target) AS Target,
        any(t.Newest) AS Newest, any(t.Level) AS Level, any(t.Deviation) AS Deviation, any(t.Slope) AS Slope,
        argMin(g.Amount, t.Back) AS Last, sum(pow(0.8, t.Back)) AS Weight,
        sum(pow(0.8, t.Back) * g.Amount) / Weight AS Season,
        sum(pow(0.8, t.Back) * {period:Int64} * (t.Cycle + t.Back)) / Weight AS Distance
    FROM (
        SELECT
            o.*, arrayJoin(range(1, toUInt64({horizon:Int64}) + 1)) AS Lead, o.Origin + Lead AS Target,
            intDiv(Lead + {period:Int64} - 1, {period:Int64}) AS Cycle, arrayJoin(range(0, 14)) AS Back
        FROM origins AS o
        WHERE o.Number = 0 OR Target <= o.LastPlace
    ) AS t
    JOIN given AS g ON g.Series = t.Series AND g.Place = t.Target - {period:Int64} * (t.Cycle + t.Back)
    GROUP BY t.Series, t.Number, t.Lead
),
tried AS (
    SELECT
        s.Series AS Series, s.Number AS Number, s.Lead AS Lead, s.Cycle AS Cycle, s.Target AS Target,
        m.1 AS Preference, m.2 AS Forecast, if(s.Number > 0, g.Amount - m.2, NULL) AS Error
    FROM seasoned AS s
    LEFT JOIN given AS g ON g.Series = s.Series AND g.Place = s.Target
    ARRAY JOIN arrayZip(
        [1, 2, 3, 4, 5, 6],
        [
            s.Season + pow(0.95, s.Lead) * s.Deviation, s.Season, s.Season + s.Slope * s.Distance, s.Level, s.Last,
            s.Newest
        ]
    ) AS m
),
scored AS (
    SELECT t.*, avg(abs(t.Error)) OVER (PARTITION BY t.Series, t.Cycle, t.Preference) AS Mae
    FROM tried AS t
),
-- by period of the lead; beyond those that could be tried, as in the last that could
chosen AS (
    SELECT
        s.*,
        argMinIf(
            (toNullable(s.Preference), s.Mae, s.NaiveMae, s.Preference), (s.TriedCycle, round(s.Mae, 9), s.Preference),
            s.Mae IS NOT NULL
        ) OVER (PARTITION BY s.Series ORDER BY s.Cycle RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Best
    FROM (
        SELECT
            r.*, -r.Cycle AS TriedCycle,
            max(if(r.Preference = 5, r.Mae, NULL)) OVER (PARTITION BY r.Series, r.Cycle) AS NaiveMae
        FROM scored AS r
    ) AS s
),
lead_by_lead AS (
    SELECT
        c.Series AS Series, c.Lead AS Lead, any(c.Cycle) AS Cycle, any(c.Target) AS Place,
        max(if(c.Number = 0, c.Forecast, NULL)) AS Forecast, max(if(c.Number = 0, c.Target, NULL)) AS Target,
        groupArrayIf(assumeNotNull(c.Error), c.Error IS NOT NULL) AS Errors, any(c.Preference) AS Preference,
        any(c.Best) AS Best
    FROM chosen AS c
    WHERE c.Preference = if(c.Best.4 = 0, 1, c.Best.4)
    GROUP BY c.Series, c.Lead
),
spread AS (
    SELECT
        l.*,
        arraySort(groupArrayArray(l.Errors) OVER (
            PARTITION BY l.Series, l.Cycle ORDER BY l.Lead RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING
        )) AS Sorted
    FROM lead_by_lead AS l
),
reached AS (
    SELECT
        w.*,
        argMaxIf((w.Sorted, w.Lead), w.Lead, length(w.Sorted) >= 20) OVER (PARTITION BY w.Series) AS Farthest,
        multiIf(length(w.Sorted) >= 20, w.Sorted, w.Lead > Farthest.2, Farthest.1, []) AS Spread,
        length(Spread) AS Errors, if(length(w.Sorted) >= 20, 1, w.Lead / Farthest.2) AS Growth,
        least(0, Spread[greatest(1, toInt64(floor((Errors + 1) * 0.025)))]) AS Least,
        greatest(0, Spread[least(toInt64(Errors), toInt64(ceil((Errors + 1) * 0.975)))]) AS Greatest
    FROM spread AS w
    WHERE w.Target IS NOT NULL
)
SELECT
    r.Series AS Series, r.Target AS Place,
    ['SEASONAL_LEVEL', 'SEASONAL', 'SEASONAL_DRIFT', 'LEVEL', 'SEASONAL_NAIVE', 'NAIVE'][r.Preference] AS Method,
    r.Forecast AS Forecast,
    multiIf(
        r.Errors = 0, NULL,
        r.Growth > 1, r.Forecast - r.Growth * greatest(r.Greatest, -r.Least),
        r.Forecast + r.Least
    ) AS Low,
    multiIf(
        r.Errors = 0, NULL,
        r.Growth > 1, r.Forecast + r.Growth * greatest(r.Greatest, -r.Least),
        r.Forecast + r.Greatest
    ) AS High,
    toInt64(r.Errors) AS Errors, r.Best.2 AS Mae, r.Best.3 AS NaiveMae
FROM reached AS r
ORDER BY r.Series, r.Target;
