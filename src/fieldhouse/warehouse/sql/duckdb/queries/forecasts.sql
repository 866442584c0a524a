-- forecasts(series, places, amounts, period, stride, origins, horizon): how series go on after their last places, by
-- the method that has erred least on their own past. From each of some origins, a stride apart, every method forecasts
-- as if the rest were not known yet, and the last origin is the last place. Lead by lead the interval, of 95 %, holds
-- the middle of the errors of the method at this lead and its neighbours. It is NULL below twenty, and beyond the
-- leads that could be tried it grows with them, as far to both sides. A place in whose season nothing came for 14
-- periods has no forecast. Errors is how many the interval is made of, Mae how far the method was off, and NaiveMae the
-- last value of the same season.
WITH
given AS MATERIALIZED (
    SELECT
        unnest($series::INTEGER[]) AS Series, unnest($places::INTEGER[]) AS Place, unnest($amounts::DOUBLE[]) AS Amount
),
ended AS (
    SELECT g.Series, min(g.Place) AS FirstPlace, max(g.Place) AS LastPlace FROM given AS g GROUP BY g.Series
),
-- what a value was expected to be by those of its season before: weights fall by a fifth from one period to the next
expected AS (
    SELECT
        g.Series, g.Place, any_value(g.Amount) AS Amount,
        sum(pow(0.8, (g.Place - b.Place) // $period) * b.Amount)
        / sum(pow(0.8, (g.Place - b.Place) // $period)) AS Usual
    FROM given AS g
    JOIN given AS b
        ON b.Series = g.Series AND b.Place BETWEEN g.Place - 14 * $period AND g.Place - 1
        AND (g.Place - b.Place) % $period = 0
    GROUP BY g.Series, g.Place
),
origins AS MATERIALIZED (
    SELECT
        e.Series, e.LastPlace, e.LastPlace - $stride * o.Number AS Origin, any_value(o.Number) AS Number,
        arg_max(g.Amount, g.Place) AS Newest,
        sum(pow(0.8, e.LastPlace - $stride * o.Number - g.Place) * g.Amount)
        / sum(pow(0.8, e.LastPlace - $stride * o.Number - g.Place)) AS Level,
        coalesce(
            sum(pow(0.8, e.LastPlace - $stride * o.Number - g.Place) * (g.Amount - x.Usual))
                FILTER (g.Place > e.LastPlace - $stride * o.Number - $period)
            / sum(pow(0.8, e.LastPlace - $stride * o.Number - g.Place))
                FILTER (g.Place > e.LastPlace - $stride * o.Number - $period AND x.Usual IS NOT NULL),
            0
        ) AS Deviation,
        CASE WHEN count(*) > 1 THEN regr_slope(g.Amount, g.Place - e.LastPlace) ELSE 0 END AS Slope
    FROM ended AS e
    JOIN (SELECT unnest(range(0, $origins::INTEGER + 1)) AS Number) AS o
        ON o.Number = 0 OR e.LastPlace - $stride * o.Number >= e.FirstPlace + 3 * $period
    JOIN given AS g
        ON g.Series = e.Series
        AND g.Place > e.LastPlace - $stride * o.Number - 14 * $period AND g.Place <= e.LastPlace - $stride * o.Number
    LEFT JOIN expected AS x ON x.Series = g.Series AND x.Place = g.Place
    GROUP BY e.Series, e.LastPlace, o.Number
    HAVING max(g.Place) > e.LastPlace - $stride * o.Number - $period
),
targets AS (
    SELECT
        o.*, l.Lead, o.Origin + l.Lead AS Target, (l.Lead + $period - 1) // $period AS Cycle
    FROM origins AS o
    CROSS JOIN (SELECT unnest(range(1, $horizon::INTEGER + 1)) AS Lead) AS l
    WHERE o.Number = 0 OR o.Origin + l.Lead <= o.LastPlace
),
seasoned AS (
    SELECT
        t.Series, t.Number, t.Lead, any_value(t.Cycle) AS Cycle, any_value(t.Target) AS Target,
        any_value(t.Newest) AS Newest, any_value(t.Level) AS Level, any_value(t.Deviation) AS Deviation,
        any_value(t.Slope) AS Slope, arg_max(g.Amount, g.Place) AS Last,
        sum(pow(0.8, (t.Target - g.Place) // $period - t.Cycle) * g.Amount)
        / sum(pow(0.8, (t.Target - g.Place) // $period - t.Cycle)) AS Season,
        sum(pow(0.8, (t.Target - g.Place) // $period - t.Cycle) * (t.Target - g.Place))
        / sum(pow(0.8, (t.Target - g.Place) // $period - t.Cycle)) AS Distance
    FROM targets AS t
    JOIN (SELECT unnest(range(0, 14)) AS Back) AS k ON TRUE
    JOIN given AS g ON g.Series = t.Series AND g.Place = t.Target - $period * (t.Cycle + k.Back)
    GROUP BY t.Series, t.Number, t.Lead
),
tried AS MATERIALIZED (
    SELECT
        s.Series, s.Number, s.Lead, s.Cycle, s.Target, unnest(range(1, 7)) AS Preference,
        unnest(['SEASONAL_LEVEL', 'SEASONAL', 'SEASONAL_DRIFT', 'LEVEL', 'SEASONAL_NAIVE', 'NAIVE']) AS Method,
        unnest([
            s.Season + pow(0.95, s.Lead) * s.Deviation, s.Season, s.Season + s.Slope * s.Distance, s.Level, s.Last,
            s.Newest
        ]) AS Forecast
    FROM seasoned AS s
),
erred AS MATERIALIZED (
    SELECT t.Series, t.Cycle, t.Lead, t.Preference, g.Amount - t.Forecast AS Error
    FROM tried AS t
    JOIN given AS g ON g.Series = t.Series AND g.Place = t.Target
    WHERE t.Number > 0
),
scored AS (
    SELECT e.Series, e.Cycle, e.Preference, avg(abs(e.Error)) AS Mae
    FROM erred AS e
    GROUP BY e.Series, e.Cycle, e.Preference
),
chosen AS MATERIALIZED (
    SELECT
        s.Series, s.Cycle, arg_min(s.Preference, {'Mae': round(s.Mae, 9), 'Preference': s.Preference}) AS Preference,
        arg_min(s.Mae, {'Mae': round(s.Mae, 9), 'Preference': s.Preference}) AS Mae,
        max(s.Mae) FILTER (s.Preference = 5) AS NaiveMae,
        lead(s.Cycle, 1, 1000000) OVER (PARTITION BY s.Series ORDER BY s.Cycle) AS NextCycle
    FROM scored AS s
    GROUP BY s.Series, s.Cycle
),
spread AS MATERIALIZED (
    SELECT
        e.Series, e.Lead + n.Step AS Lead, count(*) AS Errors,
        least(0, list_sort(list(e.Error))[greatest(1, floor((Errors + 1) * 0.025))::BIGINT]) AS Least,
        greatest(0, list_sort(list(e.Error))[least(Errors, ceil((Errors + 1) * 0.975))::BIGINT]) AS Greatest
    FROM erred AS e
    JOIN chosen AS c ON c.Series = e.Series AND c.Cycle = e.Cycle AND c.Preference = e.Preference
    JOIN (SELECT unnest([-1, 0, 1]) AS Step) AS n ON (e.Lead + n.Step + $period - 1) // $period = e.Cycle
    GROUP BY e.Series, e.Lead + n.Step
    HAVING Errors >= 20
),
-- the last lead whose errors are known
farthest AS (
    SELECT DISTINCT ON (w.Series) w.*
    FROM spread AS w
    JOIN tried AS t ON t.Series = w.Series AND t.Lead = w.Lead AND t.Number = 0 AND t.Preference = 1
    ORDER BY w.Series, w.Lead DESC
),
going AS (
    SELECT
        t.*, c.Mae, c.NaiveMae, CASE WHEN w.Lead IS NOT NULL THEN 1 ELSE t.Lead / l.Lead END AS Growth,
        coalesce(w.Errors, l.Errors) AS Errors, coalesce(w.Least, l.Least) AS Least,
        coalesce(w.Greatest, l.Greatest) AS Greatest
    FROM tried AS t
    LEFT JOIN chosen AS c ON c.Series = t.Series AND t.Cycle >= c.Cycle AND t.Cycle < c.NextCycle
    LEFT JOIN spread AS w ON w.Series = t.Series AND w.Lead = t.Lead
    LEFT JOIN farthest AS l ON l.Series = t.Series AND l.Lead < t.Lead
    WHERE t.Number = 0 AND t.Preference = coalesce(c.Preference, 1)
)
SELECT
    g.Series, g.Target AS Place, g.Method, g.Forecast,
    g.Forecast + CASE WHEN g.Growth > 1 THEN -g.Growth * greatest(g.Greatest, -g.Least) ELSE g.Least END AS Low,
    g.Forecast + CASE WHEN g.Growth > 1 THEN g.Growth * greatest(g.Greatest, -g.Least) ELSE g.Greatest END AS High,
    coalesce(g.Errors, 0) AS Errors, g.Mae, g.NaiveMae
FROM going AS g
ORDER BY g.Series, g.Target;
