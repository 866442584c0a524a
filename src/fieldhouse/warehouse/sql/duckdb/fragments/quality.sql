-- From asked(ChannelID, CheckDate), instant(A), times(ChannelID, CreatedAt), readings(ChannelID, CreatedAt, Field1..
-- Field8) and unusual(ChannelID, FieldNumber, StartedAt, EndedAt): quality(...), one row for each day asked. Anomalous
-- is a reading with a value of a field while something is unusual in it. A day's cadence is that of the thirty days
-- before a, the end of the day or the as-of instant, whichever is first: every day is cut in two at the time of day of
-- the as-of instant, so that each window has sixty parts.
windows AS MATERIALIZED (
    SELECT
        row_number() OVER () AS Period, a.ChannelID, a.CheckDate,
        least(i.A, (a.CheckDate + 1)::TIMESTAMP) AS Until,
        CASE WHEN (a.CheckDate + 1)::TIMESTAMP <= i.A
            THEN 2 * (a.CheckDate + 1 - DATE '1970-01-01')
            ELSE 2 * (i.A::DATE - DATE '1970-01-01') + 1
        END AS EndPart
    FROM asked AS a
    CROSS JOIN instant AS i
),
window_parts AS MATERIALIZED (
    SELECT w.Period, w.ChannelID, unnest(range(w.EndPart - 60, w.EndPart)) AS Part FROM windows AS w
),
ranges AS (
    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        any_value(f.MinValue) FILTER (f.FieldNumber = #) AS Low#,
        any_value(f.MaxValue) FILTER (f.FieldNumber = #) AS High#,
        -- end
        w.ChannelID, list(f.FieldNumber) AS Ranged
    FROM (SELECT DISTINCT v.ChannelID FROM windows AS v) AS w
    LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = w.ChannelID
    GROUP BY w.ChannelID
),
odd_spans AS (
    SELECT w.Period, list({'FieldNumber': u.FieldNumber, 'StartedAt': u.StartedAt, 'EndedAt': u.EndedAt}) AS Spans
    FROM windows AS w
    JOIN unusual AS u ON u.ChannelID = w.ChannelID AND u.StartedAt < w.Until AND u.EndedAt >= w.CheckDate
    GROUP BY w.Period
),
counted AS (
    SELECT
        w.Period,
        count(*) AS Readings,
        count(*) FILTER (
            coalesce(r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8) IS NULL
        ) AS Missing,
        count(*) FILTER (
            r.Field# < g.Low# OR r.Field# > g.High# -- each field, OR between
        ) AS OutOfRange,
        count(*) FILTER (
            len(list_filter(
                o.Spans,
                lambda s: r.CreatedAt BETWEEN s.StartedAt AND s.EndedAt AND [
                    r.Field# -- each field, comma between
                ][s.FieldNumber] IS NOT NULL
            )) > 0
        ) AS Anomalies,
        array_to_string([
            -- each field, comma between
            CASE WHEN count(r.Field#) > 0 AND NOT coalesce(list_contains(any_value(g.Ranged), #), FALSE) THEN '#' END
            -- end
        ], ', ') AS Unranged
    FROM readings AS r
    JOIN windows AS w ON w.ChannelID = r.ChannelID AND w.CheckDate = r.CreatedAt::DATE
    JOIN ranges AS g ON g.ChannelID = w.ChannelID
    LEFT JOIN odd_spans AS o ON o.Period = w.Period
    CROSS JOIN instant AS i
    WHERE r.CreatedAt < i.A
    GROUP BY w.Period
),
part_seconds AS MATERIALIZED (
    SELECT t.ChannelID, t.Part, list_sort(list(t.Second)) AS At
    FROM (
        SELECT
            r.ChannelID, epoch_us(r.CreatedAt) // 1000000 AS Second,
            2 * (r.CreatedAt::DATE - DATE '1970-01-01') + (r.CreatedAt::TIME >= i.A::TIME)::INTEGER AS Part
        FROM times AS r
        CROSS JOIN instant AS i
        WHERE r.CreatedAt < i.A
    ) AS t
    SEMI JOIN window_parts AS p ON p.ChannelID = t.ChannelID AND p.Part = t.Part
    GROUP BY t.ChannelID, t.Part
),
part_steps AS MATERIALIZED (
    SELECT
        s.ChannelID, s.Part, list_unique(s.At) AS Seconds,
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
    SELECT g.Period, g.Gap, sum(g.Gaps) AS Gaps
    FROM (
        SELECT p.Period, s.Gap, s.Gaps
        FROM window_parts AS p
        JOIN part_gaps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        UNION ALL
        -- the gap before a window's first second does not lie within the window
        SELECT p.Period, min_by({'Gap': s.Opening}, s.Part).Gap, -1
        FROM window_parts AS p
        JOIN part_steps AS s ON s.ChannelID = p.ChannelID AND s.Part = p.Part
        GROUP BY p.Period
    ) AS g
    WHERE g.Gap > 0
    GROUP BY g.Period, g.Gap
),
ranked_gaps AS (
    SELECT
        g.Period, g.Gap,
        sum(g.Gaps) OVER (PARTITION BY g.Period ORDER BY g.Gap) AS UpTo,
        sum(g.Gaps) OVER (PARTITION BY g.Period) AS Total
    FROM window_gaps AS g
),
cadences AS (
    SELECT
        g.Period,
        (min(g.Gap) FILTER (2 * g.UpTo >= g.Total) + min(g.Gap) FILTER (2 * g.UpTo > g.Total)) / 2 AS Seconds
    FROM ranked_gaps AS g
    WHERE g.Total >= 10
    GROUP BY g.Period
),
day_seconds AS (
    SELECT s.ChannelID, s.Part // 2 AS Day, sum(s.Seconds) AS Seconds
    FROM part_steps AS s
    GROUP BY s.ChannelID, s.Part // 2
),
judged AS (
    SELECT
        w.ChannelID, w.CheckDate,
        coalesce(c.Readings, 0) AS Readings, coalesce(c.Missing, 0) AS Missing,
        coalesce(c.OutOfRange, 0) AS OutOfRange, coalesce(c.Anomalies, 0) AS Anomalies,
        g.Seconds AS Cadence, coalesce(d.Seconds, 0) AS Seconds,
        floor(greatest(0, epoch_us(w.Until) - epoch_us(w.CheckDate::TIMESTAMP)) / 1e6 / g.Seconds)::BIGINT
            AS Expected,
        nullif(c.Unranged, '') AS Unranged
    FROM windows AS w
    LEFT JOIN counted AS c ON c.Period = w.Period
    LEFT JOIN cadences AS g ON g.Period = w.Period
    LEFT JOIN day_seconds AS d ON d.ChannelID = w.ChannelID AND d.Day = w.CheckDate - DATE '1970-01-01'
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
        'no range configured for field ' || j.Unranged || ': nothing there counts as out of range' AS Notes,
        i.A AS AsOfTime
    FROM judged AS j
    CROSS JOIN instant AS i
)
