-- From asked(ChannelID, CheckDate), instant(A) and sourced(ChannelID, CreatedAt, Field1..Field8):
-- quality(...), one row for each day asked. A day's statistics cover the thirty days before a, the
-- end of the day or the as-of instant, whichever is first. Every day is cut in two at the time of day
-- of the as-of instant; the parts are summed up once, and each window is combined from its sixty.
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
window_parts AS MATERIALIZED (
    SELECT w.ChannelID, w.CheckDate, unnest(range(w.EndPart - 60, w.EndPart)) AS Part FROM windows AS w
),
dated AS MATERIALIZED (
    SELECT
        s.*, s.CreatedAt::DATE AS CheckDate,
        2 * (s.CreatedAt::DATE - DATE '1970-01-01') + (s.CreatedAt::TIME >= i.A::TIME)::INTEGER AS Part
    FROM sourced AS s
    CROSS JOIN instant AS i
    WHERE s.CreatedAt < i.A
),
ranges AS (
    -- bounds that are NULL are open; a field without a range has none below zero
    SELECT
        a.ChannelID,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 1) AS Low1,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 1) AS High1,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 2) AS Low2,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 2) AS High2,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 3) AS Low3,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 3) AS High3,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 4) AS Low4,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 4) AS High4,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 5) AS Low5,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 5) AS High5,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 6) AS Low6,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 6) AS High6,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 7) AS Low7,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 7) AS High7,
        any_value(coalesce(f.MinValue, -1000000000000)) FILTER (f.FieldNumber = 8) AS Low8,
        any_value(f.MaxValue) FILTER (f.FieldNumber = 8) AS High8
    FROM (SELECT DISTINCT w.ChannelID FROM windows AS w) AS a
    LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = a.ChannelID
    GROUP BY a.ChannelID
),
channels AS MATERIALIZED (
    -- beside the ranges, the least values: what sums and deviations are taken around
    SELECT
        s.ChannelID,
        min(s.Field1) AS Least1, coalesce(any_value(g.Low1), 0) AS Low1, any_value(g.High1) AS High1,
        min(s.Field2) AS Least2, coalesce(any_value(g.Low2), 0) AS Low2, any_value(g.High2) AS High2,
        min(s.Field3) AS Least3, coalesce(any_value(g.Low3), 0) AS Low3, any_value(g.High3) AS High3,
        min(s.Field4) AS Least4, coalesce(any_value(g.Low4), 0) AS Low4, any_value(g.High4) AS High4,
        min(s.Field5) AS Least5, coalesce(any_value(g.Low5), 0) AS Low5, any_value(g.High5) AS High5,
        min(s.Field6) AS Least6, coalesce(any_value(g.Low6), 0) AS Low6, any_value(g.High6) AS High6,
        min(s.Field7) AS Least7, coalesce(any_value(g.Low7), 0) AS Low7, any_value(g.High7) AS High7,
        min(s.Field8) AS Least8, coalesce(any_value(g.Low8), 0) AS Low8, any_value(g.High8) AS High8
    FROM dated AS s
    JOIN ranges AS g ON g.ChannelID = s.ChannelID
    GROUP BY s.ChannelID
),
parted AS MATERIALIZED (
    SELECT
        s.ChannelID, s.CheckDate, s.Part, epoch_us(s.CreatedAt) // 1000000 AS Second,
        (s.Field1::DECIMAL(19, 6) - c.Least1)::DOUBLE AS Value1,
        (s.Field2::DECIMAL(19, 6) - c.Least2)::DOUBLE AS Value2,
        (s.Field3::DECIMAL(19, 6) - c.Least3)::DOUBLE AS Value3,
        (s.Field4::DECIMAL(19, 6) - c.Least4)::DOUBLE AS Value4,
        (s.Field5::DECIMAL(19, 6) - c.Least5)::DOUBLE AS Value5,
        (s.Field6::DECIMAL(19, 6) - c.Least6)::DOUBLE AS Value6,
        (s.Field7::DECIMAL(19, 6) - c.Least7)::DOUBLE AS Value7,
        (s.Field8::DECIMAL(19, 6) - c.Least8)::DOUBLE AS Value8,
        coalesce(s.Field1, s.Field2, s.Field3, s.Field4, s.Field5, s.Field6, s.Field7, s.Field8) IS NULL AS IsMissing,
        coalesce(s.Field1 < c.Low1 OR s.Field1 > c.High1, FALSE)
        OR coalesce(s.Field2 < c.Low2 OR s.Field2 > c.High2, FALSE)
        OR coalesce(s.Field3 < c.Low3 OR s.Field3 > c.High3, FALSE)
        OR coalesce(s.Field4 < c.Low4 OR s.Field4 > c.High4, FALSE)
        OR coalesce(s.Field5 < c.Low5 OR s.Field5 > c.High5, FALSE)
        OR coalesce(s.Field6 < c.Low6 OR s.Field6 > c.High6, FALSE)
        OR coalesce(s.Field7 < c.Low7 OR s.Field7 > c.High7, FALSE)
        OR coalesce(s.Field8 < c.Low8 OR s.Field8 > c.High8, FALSE) AS IsOutOfRange
    FROM dated AS s
    JOIN (SELECT DISTINCT p.ChannelID, p.Part FROM window_parts AS p) AS n
        ON n.ChannelID = s.ChannelID AND n.Part = s.Part
    JOIN channels AS c ON c.ChannelID = s.ChannelID
),
part_statistics AS MATERIALIZED (
    SELECT
        s.ChannelID, s.CheckDate, s.Part,
        unnest([
            {
                'Field': 1, 'N': count(s.Value1), 'Mean': avg(s.Value1),
                'M2': var_pop(s.Value1) * count(s.Value1),
                'Low': min(s.Value1), 'High': max(s.Value1)
            },
            {
                'Field': 2, 'N': count(s.Value2), 'Mean': avg(s.Value2),
                'M2': var_pop(s.Value2) * count(s.Value2),
                'Low': min(s.Value2), 'High': max(s.Value2)
            },
            {
                'Field': 3, 'N': count(s.Value3), 'Mean': avg(s.Value3),
                'M2': var_pop(s.Value3) * count(s.Value3),
                'Low': min(s.Value3), 'High': max(s.Value3)
            },
            {
                'Field': 4, 'N': count(s.Value4), 'Mean': avg(s.Value4),
                'M2': var_pop(s.Value4) * count(s.Value4),
                'Low': min(s.Value4), 'High': max(s.Value4)
            },
            {
                'Field': 5, 'N': count(s.Value5), 'Mean': avg(s.Value5),
                'M2': var_pop(s.Value5) * count(s.Value5),
                'Low': min(s.Value5), 'High': max(s.Value5)
            },
            {
                'Field': 6, 'N': count(s.Value6), 'Mean': avg(s.Value6),
                'M2': var_pop(s.Value6) * count(s.Value6),
                'Low': min(s.Value6), 'High': max(s.Value6)
            },
            {
                'Field': 7, 'N': count(s.Value7), 'Mean': avg(s.Value7),
                'M2': var_pop(s.Value7) * count(s.Value7),
                'Low': min(s.Value7), 'High': max(s.Value7)
            },
            {
                'Field': 8, 'N': count(s.Value8), 'Mean': avg(s.Value8),
                'M2': var_pop(s.Value8) * count(s.Value8),
                'Low': min(s.Value8), 'High': max(s.Value8)
            }
        ]) AS Of
    FROM parted AS s
    GROUP BY s.ChannelID, s.CheckDate, s.Part
),
window_statistics AS (
    SELECT
        p.ChannelID, p.CheckDate, s.Of.Field AS Field, s.Of.N AS N, s.Of.Mean AS Mean, s.Of.M2 AS M2,
        s.Of.Low AS Low, s.Of.High AS High
    FROM window_parts AS p
    JOIN part_statistics AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
    WHERE s.Of.N > 0
),
means AS (
    SELECT s.ChannelID, s.CheckDate, s.Field, sum(s.N * s.Mean) / sum(s.N) AS Mean
    FROM window_statistics AS s
    GROUP BY s.ChannelID, s.CheckDate, s.Field
),
reaches AS (
    SELECT
        s.ChannelID, s.CheckDate, s.Field, any_value(m.Mean) AS Mean,
        -- none where all values are equal: a mean's last digit must not make anomalies of them
        CASE WHEN min(s.Low) < max(s.High)
            THEN 3 * sqrt(sum(s.M2 + s.N * (s.Mean - m.Mean) ** 2) / nullif(sum(s.N) - 1, 0))
        END AS Reach
    FROM window_statistics AS s
    JOIN means AS m ON m.ChannelID = s.ChannelID AND m.CheckDate = s.CheckDate AND m.Field = s.Field
    GROUP BY s.ChannelID, s.CheckDate, s.Field
),
limits AS (
    SELECT
        r.ChannelID, r.CheckDate,
        any_value(r.Mean) FILTER (r.Field = 1) AS Mean1,
        any_value(r.Reach) FILTER (r.Field = 1) AS Reach1,
        any_value(r.Mean) FILTER (r.Field = 2) AS Mean2,
        any_value(r.Reach) FILTER (r.Field = 2) AS Reach2,
        any_value(r.Mean) FILTER (r.Field = 3) AS Mean3,
        any_value(r.Reach) FILTER (r.Field = 3) AS Reach3,
        any_value(r.Mean) FILTER (r.Field = 4) AS Mean4,
        any_value(r.Reach) FILTER (r.Field = 4) AS Reach4,
        any_value(r.Mean) FILTER (r.Field = 5) AS Mean5,
        any_value(r.Reach) FILTER (r.Field = 5) AS Reach5,
        any_value(r.Mean) FILTER (r.Field = 6) AS Mean6,
        any_value(r.Reach) FILTER (r.Field = 6) AS Reach6,
        any_value(r.Mean) FILTER (r.Field = 7) AS Mean7,
        any_value(r.Reach) FILTER (r.Field = 7) AS Reach7,
        any_value(r.Mean) FILTER (r.Field = 8) AS Mean8,
        any_value(r.Reach) FILTER (r.Field = 8) AS Reach8
    FROM reaches AS r
    GROUP BY r.ChannelID, r.CheckDate
),
counted AS (
    SELECT
        s.ChannelID, s.CheckDate,
        count(*) AS Readings,
        count(*) FILTER (s.IsMissing) AS Missing,
        count(*) FILTER (s.IsOutOfRange) AS OutOfRange,
        count(*) FILTER (
            abs(s.Value1 - l.Mean1) > l.Reach1
            OR abs(s.Value2 - l.Mean2) > l.Reach2
            OR abs(s.Value3 - l.Mean3) > l.Reach3
            OR abs(s.Value4 - l.Mean4) > l.Reach4
            OR abs(s.Value5 - l.Mean5) > l.Reach5
            OR abs(s.Value6 - l.Mean6) > l.Reach6
            OR abs(s.Value7 - l.Mean7) > l.Reach7
            OR abs(s.Value8 - l.Mean8) > l.Reach8
        ) AS Anomalies
    FROM parted AS s
    -- no limits where a window has readings but not one value
    LEFT JOIN limits AS l ON l.ChannelID = s.ChannelID AND l.CheckDate = s.CheckDate
    GROUP BY s.ChannelID, s.CheckDate
),
unranged AS (
    SELECT f.ChannelID, f.CheckDate, string_agg(f.Field::VARCHAR, ', ' ORDER BY f.Field) AS Fields
    FROM (
        SELECT DISTINCT s.ChannelID, s.CheckDate, s.Of.Field AS Field FROM part_statistics AS s WHERE s.Of.N > 0
    ) AS f
    ANTI JOIN iot.FieldRanges AS r ON r.ChannelID = f.ChannelID AND r.FieldNumber = f.Field
    GROUP BY f.ChannelID, f.CheckDate
),
part_seconds AS MATERIALIZED (
    SELECT s.ChannelID, s.CheckDate, s.Part, list_sort(list(s.Second)) AS At
    FROM parted AS s
    GROUP BY s.ChannelID, s.CheckDate, s.Part
),
part_steps AS MATERIALIZED (
    SELECT
        s.ChannelID, s.CheckDate, s.Part, list_unique(s.At) AS Seconds,
        s.At[1] - lag(s.At[-1]) OVER (PARTITION BY s.ChannelID ORDER BY s.Part) AS Opening
    FROM part_seconds AS s
),
part_gaps AS (
    SELECT s.ChannelID, s.Part, s.Gap, count(*) AS Gaps
    FROM (
        SELECT p.ChannelID, p.Part, unnest(p.At[2:]) - unnest(p.At[:-2]) AS Gap FROM part_seconds AS p
    ) AS s
    WHERE s.Gap > 0
    GROUP BY s.ChannelID, s.Part, s.Gap
    UNION ALL
    SELECT s.ChannelID, s.Part, s.Opening, 1 FROM part_steps AS s WHERE s.Opening > 0
),
window_gaps AS (
    SELECT g.ChannelID, g.CheckDate, g.Gap, sum(g.Gaps) AS Gaps
    FROM (
        SELECT p.ChannelID, p.CheckDate, s.Gap, s.Gaps
        FROM window_parts AS p
        JOIN part_gaps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        UNION ALL
        -- the gap before a window's first second does not lie within the window
        SELECT p.ChannelID, p.CheckDate, min_by({'Gap': s.Opening}, s.Part).Gap, -1
        FROM window_parts AS p
        JOIN part_steps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        GROUP BY p.ChannelID, p.CheckDate
    ) AS g
    WHERE g.Gap > 0
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
        (min(g.Gap) FILTER (2 * g.UpTo >= g.Total) + min(g.Gap) FILTER (2 * g.UpTo > g.Total)) / 2 AS Seconds
    FROM ranked_gaps AS g
    WHERE g.Total >= 10
    GROUP BY g.ChannelID, g.CheckDate
),
day_seconds AS (
    SELECT s.ChannelID, s.CheckDate, sum(s.Seconds) AS Seconds
    FROM part_steps AS s
    GROUP BY s.ChannelID, s.CheckDate
),
judged AS (
    SELECT
        w.ChannelID, w.CheckDate,
        coalesce(c.Readings, 0) AS Readings, coalesce(c.Missing, 0) AS Missing,
        coalesce(c.OutOfRange, 0) AS OutOfRange, coalesce(c.Anomalies, 0) AS Anomalies,
        g.Seconds AS Cadence, coalesce(d.Seconds, 0) AS Seconds,
        floor(greatest(0, epoch_us(w.Until) - epoch_us(w.CheckDate::TIMESTAMP)) / 1e6 / g.Seconds)::BIGINT
            AS Expected,
        u.Fields AS Unranged
    FROM windows AS w
    LEFT JOIN counted AS c ON c.ChannelID = w.ChannelID AND c.CheckDate = w.CheckDate
    LEFT JOIN cadences AS g ON g.ChannelID = w.ChannelID AND g.CheckDate = w.CheckDate
    LEFT JOIN day_seconds AS d ON d.ChannelID = w.ChannelID AND d.CheckDate = w.CheckDate
    LEFT JOIN unranged AS u ON u.ChannelID = w.ChannelID AND u.CheckDate = w.CheckDate
),
quality AS (
    SELECT
        j.ChannelID, j.CheckDate,
        j.Readings AS TotalReadings, j.Missing AS MissingReadings,
        j.OutOfRange AS OutOfRangeReadings, j.Anomalies AS AnomaliesDetected,
        CASE WHEN j.Readings = 0 THEN 0
            ELSE greatest(0, 100 - (30 * j.Missing + 40 * j.OutOfRange + 30 * j.Anomalies)::DOUBLE / j.Readings)
        END AS QualityScore,
        j.Cadence AS CadenceSeconds,
        j.Expected AS ExpectedReadings,
        CASE WHEN j.Expected IS NOT NULL THEN greatest(0, j.Expected - j.Seconds) END::BIGINT AS AbsentReadings,
        j.Unranged IS NULL AS RangesConfigured,
        'no range configured for field ' || j.Unranged || ': below zero counts as out of range' AS Notes,
        i.A AS AsOfTime
    FROM judged AS j
    CROSS JOIN instant AS i
)
