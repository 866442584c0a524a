-- From asked(ChannelID, CheckDate), instant(A) and sourced(ChannelID, CreatedAt, Field1..Field8):
-- quality(...), one row for each day asked. A day's statistics cover the thirty days before a, the
-- end of the day or the as-of instant, whichever is first. Every day is cut in two at the time of day
-- of the as-of instant; parts are summed up once, and each window is combined from its sixty parts.
windows AS (
    SELECT
        a.ChannelID, a.CheckDate,
        least(i.A, (a.CheckDate + 1)::TIMESTAMP) AS Until,
        CASE WHEN (a.CheckDate + 1)::TIMESTAMP <= i.A
            THEN 2 * (a.CheckDate + 1 - DATE '1970-01-01')
            ELSE 2 * (i.A::DATE - DATE '1970-01-01') + 1
        END AS EndPart
    FROM asked AS a
    CROSS JOIN instant AS i
),
window_parts AS (
    SELECT w.ChannelID, w.CheckDate, unnest(range(w.EndPart - 60, w.EndPart)) AS Part FROM windows AS w
),
parted AS MATERIALIZED (
    SELECT s.*, s.CreatedAt::DATE AS CheckDate, n.Part
    FROM sourced AS s
    CROSS JOIN instant AS i
    JOIN (SELECT DISTINCT p.ChannelID, p.Part FROM window_parts AS p) AS n
        ON n.ChannelID = s.ChannelID
        AND n.Part = 2 * (s.CreatedAt::DATE - DATE '1970-01-01') + (s.CreatedAt::TIME >= i.A::TIME)::INTEGER
    WHERE s.CreatedAt < i.A
),
shifts AS (
    SELECT s.ChannelID, min(s.Field1) AS Least1, min(s.Field2) AS Least2, min(s.Field3) AS Least3, min(s.Field4) AS Least4, min(s.Field5) AS Least5, min(s.Field6) AS Least6, min(s.Field7) AS Least7, min(s.Field8) AS Least8
    FROM parted AS s
    GROUP BY s.ChannelID
),
part_statistics AS (
    SELECT
        s.ChannelID, s.Part,
        unnest([
            {'Field': 1, 'N': count(s.Field1), 'Mean': avg(s.Field1::DECIMAL(38, 6) - h.Least1), 'M2': var_pop((s.Field1::DECIMAL(38, 6) - h.Least1)::DOUBLE) * count(s.Field1)},
            {'Field': 2, 'N': count(s.Field2), 'Mean': avg(s.Field2::DECIMAL(38, 6) - h.Least2), 'M2': var_pop((s.Field2::DECIMAL(38, 6) - h.Least2)::DOUBLE) * count(s.Field2)},
            {'Field': 3, 'N': count(s.Field3), 'Mean': avg(s.Field3::DECIMAL(38, 6) - h.Least3), 'M2': var_pop((s.Field3::DECIMAL(38, 6) - h.Least3)::DOUBLE) * count(s.Field3)},
            {'Field': 4, 'N': count(s.Field4), 'Mean': avg(s.Field4::DECIMAL(38, 6) - h.Least4), 'M2': var_pop((s.Field4::DECIMAL(38, 6) - h.Least4)::DOUBLE) * count(s.Field4)},
            {'Field': 5, 'N': count(s.Field5), 'Mean': avg(s.Field5::DECIMAL(38, 6) - h.Least5), 'M2': var_pop((s.Field5::DECIMAL(38, 6) - h.Least5)::DOUBLE) * count(s.Field5)},
            {'Field': 6, 'N': count(s.Field6), 'Mean': avg(s.Field6::DECIMAL(38, 6) - h.Least6), 'M2': var_pop((s.Field6::DECIMAL(38, 6) - h.Least6)::DOUBLE) * count(s.Field6)},
            {'Field': 7, 'N': count(s.Field7), 'Mean': avg(s.Field7::DECIMAL(38, 6) - h.Least7), 'M2': var_pop((s.Field7::DECIMAL(38, 6) - h.Least7)::DOUBLE) * count(s.Field7)},
            {'Field': 8, 'N': count(s.Field8), 'Mean': avg(s.Field8::DECIMAL(38, 6) - h.Least8), 'M2': var_pop((s.Field8::DECIMAL(38, 6) - h.Least8)::DOUBLE) * count(s.Field8)}
        ]) AS Of
    FROM parted AS s
    JOIN shifts AS h ON h.ChannelID = s.ChannelID
    GROUP BY s.ChannelID, s.Part
),
window_statistics AS (
    SELECT p.ChannelID, p.CheckDate, s.Of
    FROM window_parts AS p
    JOIN part_statistics AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
    WHERE s.Of.N > 0
),
means AS (
    SELECT s.ChannelID, s.CheckDate, s.Of.Field AS Field, sum(s.Of.N * s.Of.Mean) / sum(s.Of.N) AS Mean
    FROM window_statistics AS s
    GROUP BY s.ChannelID, s.CheckDate, s.Of.Field
),
reaches AS (
    SELECT
        s.ChannelID, s.CheckDate, m.Field, m.Mean,
        3 * sqrt(sum(s.Of.M2 + s.Of.N * (s.Of.Mean - m.Mean) ** 2) / nullif(sum(s.Of.N) - 1, 0)) AS Reach
    FROM window_statistics AS s
    JOIN means AS m ON m.ChannelID = s.ChannelID AND m.CheckDate = s.CheckDate AND m.Field = s.Of.Field
    GROUP BY s.ChannelID, s.CheckDate, m.Field, m.Mean
),
limits AS (
    SELECT
        r.ChannelID, r.CheckDate,
        any_value(r.Mean) FILTER (r.Field = 1) AS Mean1, any_value(r.Reach) FILTER (r.Field = 1) AS Reach1,
        any_value(r.Mean) FILTER (r.Field = 2) AS Mean2, any_value(r.Reach) FILTER (r.Field = 2) AS Reach2,
        any_value(r.Mean) FILTER (r.Field = 3) AS Mean3, any_value(r.Reach) FILTER (r.Field = 3) AS Reach3,
        any_value(r.Mean) FILTER (r.Field = 4) AS Mean4, any_value(r.Reach) FILTER (r.Field = 4) AS Reach4,
        any_value(r.Mean) FILTER (r.Field = 5) AS Mean5, any_value(r.Reach) FILTER (r.Field = 5) AS Reach5,
        any_value(r.Mean) FILTER (r.Field = 6) AS Mean6, any_value(r.Reach) FILTER (r.Field = 6) AS Reach6,
        any_value(r.Mean) FILTER (r.Field = 7) AS Mean7, any_value(r.Reach) FILTER (r.Field = 7) AS Reach7,
        any_value(r.Mean) FILTER (r.Field = 8) AS Mean8, any_value(r.Reach) FILTER (r.Field = 8) AS Reach8
    FROM reaches AS r
    GROUP BY r.ChannelID, r.CheckDate
),
ranges AS (
    SELECT
        a.ChannelID,
        count(*) FILTER (f.FieldNumber = 1) > 0 AS Has1, CASE WHEN Has1 THEN min(f.MinValue) FILTER (f.FieldNumber = 1) ELSE 0 END AS Low1, min(f.MaxValue) FILTER (f.FieldNumber = 1) AS High1,
        count(*) FILTER (f.FieldNumber = 2) > 0 AS Has2, CASE WHEN Has2 THEN min(f.MinValue) FILTER (f.FieldNumber = 2) ELSE 0 END AS Low2, min(f.MaxValue) FILTER (f.FieldNumber = 2) AS High2,
        count(*) FILTER (f.FieldNumber = 3) > 0 AS Has3, CASE WHEN Has3 THEN min(f.MinValue) FILTER (f.FieldNumber = 3) ELSE 0 END AS Low3, min(f.MaxValue) FILTER (f.FieldNumber = 3) AS High3,
        count(*) FILTER (f.FieldNumber = 4) > 0 AS Has4, CASE WHEN Has4 THEN min(f.MinValue) FILTER (f.FieldNumber = 4) ELSE 0 END AS Low4, min(f.MaxValue) FILTER (f.FieldNumber = 4) AS High4,
        count(*) FILTER (f.FieldNumber = 5) > 0 AS Has5, CASE WHEN Has5 THEN min(f.MinValue) FILTER (f.FieldNumber = 5) ELSE 0 END AS Low5, min(f.MaxValue) FILTER (f.FieldNumber = 5) AS High5,
        count(*) FILTER (f.FieldNumber = 6) > 0 AS Has6, CASE WHEN Has6 THEN min(f.MinValue) FILTER (f.FieldNumber = 6) ELSE 0 END AS Low6, min(f.MaxValue) FILTER (f.FieldNumber = 6) AS High6,
        count(*) FILTER (f.FieldNumber = 7) > 0 AS Has7, CASE WHEN Has7 THEN min(f.MinValue) FILTER (f.FieldNumber = 7) ELSE 0 END AS Low7, min(f.MaxValue) FILTER (f.FieldNumber = 7) AS High7,
        count(*) FILTER (f.FieldNumber = 8) > 0 AS Has8, CASE WHEN Has8 THEN min(f.MinValue) FILTER (f.FieldNumber = 8) ELSE 0 END AS Low8, min(f.MaxValue) FILTER (f.FieldNumber = 8) AS High8
    FROM (SELECT DISTINCT w.ChannelID FROM windows AS w) AS a
    LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = a.ChannelID
    GROUP BY a.ChannelID
),
counted AS (
    SELECT
        w.ChannelID, w.CheckDate,
        count(s.CreatedAt) AS T,
        count(*) FILTER (s.CreatedAt IS NOT NULL AND coalesce(s.Field1, s.Field2, s.Field3, s.Field4, s.Field5, s.Field6, s.Field7, s.Field8) IS NULL) AS M,
        count(*) FILTER (
            s.Field1 < g.Low1 OR s.Field1 > g.High1
            OR s.Field2 < g.Low2 OR s.Field2 > g.High2
            OR s.Field3 < g.Low3 OR s.Field3 > g.High3
            OR s.Field4 < g.Low4 OR s.Field4 > g.High4
            OR s.Field5 < g.Low5 OR s.Field5 > g.High5
            OR s.Field6 < g.Low6 OR s.Field6 > g.High6
            OR s.Field7 < g.Low7 OR s.Field7 > g.High7
            OR s.Field8 < g.Low8 OR s.Field8 > g.High8
        ) AS O,
        count(*) FILTER (
            abs((s.Field1::DECIMAL(38, 6) - h.Least1)::DOUBLE - l.Mean1) > l.Reach1
            OR abs((s.Field2::DECIMAL(38, 6) - h.Least2)::DOUBLE - l.Mean2) > l.Reach2
            OR abs((s.Field3::DECIMAL(38, 6) - h.Least3)::DOUBLE - l.Mean3) > l.Reach3
            OR abs((s.Field4::DECIMAL(38, 6) - h.Least4)::DOUBLE - l.Mean4) > l.Reach4
            OR abs((s.Field5::DECIMAL(38, 6) - h.Least5)::DOUBLE - l.Mean5) > l.Reach5
            OR abs((s.Field6::DECIMAL(38, 6) - h.Least6)::DOUBLE - l.Mean6) > l.Reach6
            OR abs((s.Field7::DECIMAL(38, 6) - h.Least7)::DOUBLE - l.Mean7) > l.Reach7
            OR abs((s.Field8::DECIMAL(38, 6) - h.Least8)::DOUBLE - l.Mean8) > l.Reach8
        ) AS F,
        list_filter([
            CASE WHEN count(s.Field1) > 0 AND NOT any_value(g.Has1) THEN 1 END,
            CASE WHEN count(s.Field2) > 0 AND NOT any_value(g.Has2) THEN 2 END,
            CASE WHEN count(s.Field3) > 0 AND NOT any_value(g.Has3) THEN 3 END,
            CASE WHEN count(s.Field4) > 0 AND NOT any_value(g.Has4) THEN 4 END,
            CASE WHEN count(s.Field5) > 0 AND NOT any_value(g.Has5) THEN 5 END,
            CASE WHEN count(s.Field6) > 0 AND NOT any_value(g.Has6) THEN 6 END,
            CASE WHEN count(s.Field7) > 0 AND NOT any_value(g.Has7) THEN 7 END,
            CASE WHEN count(s.Field8) > 0 AND NOT any_value(g.Has8) THEN 8 END
        ], lambda n: n IS NOT NULL) AS Unranged
    FROM windows AS w
    JOIN ranges AS g ON g.ChannelID = w.ChannelID
    LEFT JOIN parted AS s ON s.ChannelID = w.ChannelID AND s.CheckDate = w.CheckDate
    LEFT JOIN shifts AS h ON h.ChannelID = w.ChannelID
    LEFT JOIN limits AS l ON l.ChannelID = w.ChannelID AND l.CheckDate = w.CheckDate
    GROUP BY w.ChannelID, w.CheckDate
),
seconds AS (
    SELECT
        s.ChannelID, min(s.Part) AS Part, date_trunc('second', s.CreatedAt) AS At
    FROM parted AS s
    GROUP BY s.ChannelID, date_trunc('second', s.CreatedAt)
),
steps AS MATERIALIZED (
    SELECT
        s.ChannelID, s.Part, s.At,
        (epoch_us(s.At) - epoch_us(lag(s.At) OVER (PARTITION BY s.ChannelID ORDER BY s.At))) // 1000000 AS Gap
    FROM seconds AS s
),
part_steps AS (
    SELECT s.ChannelID, s.Part, s.At::DATE AS CheckDate, count(*) AS Seconds, min_by({'Gap': s.Gap}, s.At) AS Opening
    FROM steps AS s
    GROUP BY s.ChannelID, s.Part, s.At::DATE
),
part_gaps AS (
    SELECT s.ChannelID, s.Part, s.Gap, count(*) AS Gaps
    FROM steps AS s
    WHERE s.Gap IS NOT NULL
    GROUP BY s.ChannelID, s.Part, s.Gap
),
window_gaps AS (
    SELECT g.ChannelID, g.CheckDate, g.Gap, sum(g.Gaps) AS Gaps
    FROM (
        SELECT p.ChannelID, p.CheckDate, s.Gap, s.Gaps
        FROM window_parts AS p
        JOIN part_gaps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        UNION ALL
        -- the gap before a window's first second does not lie within the window
        SELECT p.ChannelID, p.CheckDate, min_by(s.Opening, s.Part).Gap, -1
        FROM window_parts AS p
        JOIN part_steps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        GROUP BY p.ChannelID, p.CheckDate
    ) AS g
    WHERE g.Gap IS NOT NULL
    GROUP BY g.ChannelID, g.CheckDate, g.Gap
),
ranked_gaps AS (
    SELECT
        g.ChannelID, g.CheckDate, g.Gap,
        sum(g.Gaps) OVER (PARTITION BY g.ChannelID, g.CheckDate ORDER BY g.Gap) AS UpTo,
        sum(g.Gaps) OVER (PARTITION BY g.ChannelID, g.CheckDate) AS Total
    FROM window_gaps AS g
),
cadences AS (
    SELECT
        g.ChannelID, g.CheckDate,
        (min(g.Gap) FILTER (2 * g.UpTo >= g.Total) + min(g.Gap) FILTER (2 * g.UpTo > g.Total)) / 2 AS CadenceSeconds
    FROM ranked_gaps AS g
    WHERE g.Total >= 10
    GROUP BY g.ChannelID, g.CheckDate
),
day_seconds AS (
    SELECT s.ChannelID, s.CheckDate, sum(s.Seconds) AS Seconds
    FROM part_steps AS s
    GROUP BY s.ChannelID, s.CheckDate
),
expected AS (
    SELECT
        w.ChannelID, w.CheckDate, c.CadenceSeconds, coalesce(d.Seconds, 0) AS Seconds,
        floor(greatest(0, epoch_us(w.Until) - epoch_us(w.CheckDate::TIMESTAMP)) / 1e6 / c.CadenceSeconds)::BIGINT AS Expected
    FROM windows AS w
    LEFT JOIN cadences AS c ON c.ChannelID = w.ChannelID AND c.CheckDate = w.CheckDate
    LEFT JOIN day_seconds AS d ON d.ChannelID = w.ChannelID AND d.CheckDate = w.CheckDate
),
quality AS (
    SELECT
        c.ChannelID, c.CheckDate,
        c.T AS TotalReadings, c.M AS MissingReadings, c.O AS OutOfRangeReadings, c.F AS AnomaliesDetected,
        CASE WHEN c.T = 0 THEN 0
            ELSE greatest(0, 100 - (30.0 * c.M + 40.0 * c.O + 30.0 * c.F)::DOUBLE / c.T)
        END AS QualityScore,
        e.CadenceSeconds,
        e.Expected AS ExpectedReadings,
        CASE WHEN e.Expected IS NOT NULL THEN greatest(0, e.Expected - e.Seconds) END::BIGINT AS AbsentReadings,
        len(c.Unranged) = 0 AS RangesConfigured,
        CASE WHEN len(c.Unranged) > 0
            THEN 'no range configured for field ' || array_to_string(c.Unranged, ', ') || ': below zero counts as out of range'
        END AS Notes,
        i.A AS AsOfTime
    FROM counted AS c
    JOIN expected AS e ON e.ChannelID = c.ChannelID AND e.CheckDate = c.CheckDate
    CROSS JOIN instant AS i
)
