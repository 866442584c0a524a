-- quality_dimensions(channel_id, start_at, end_at, as_of): how good the readings of a span are in each of six ways, a
-- row for the channel (field 0) and, where fields are judged by themselves, one for each that has values; a span that
-- is NULL begins with the first reading and ends with as-of.
-- Of what is checked so many are broken; the worst span is, of absent readings, the longest gap, else the time in
-- which most broken ones follow one another within six hours. Readings are counted by hours and by which fields (bits:
-- 1 is field 1, 128 is field 8) are what; all else is made of these counts.
WITH
span AS (
    SELECT
        least($end_at::TIMESTAMP, coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))) AS EndAt,
        coalesce(
            $start_at::TIMESTAMP,
            (SELECT min(r.CreatedAt) FROM iot.CountedReadings AS r WHERE r.ChannelID = $channel_id)
        ) AS StartAt
),
fields AS (
    SELECT f.FieldNumber, 1 << (f.FieldNumber - 1) AS Bit FROM (SELECT unnest(range(1, 9)) AS FieldNumber) AS f
),
readings AS NOT MATERIALIZED (
    SELECT r.*
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= (SELECT s.StartAt FROM span AS s) AND r.CreatedAt < (SELECT s.EndAt FROM span AS s)
),
cadences AS MATERIALIZED (
    -- twice the usual distance: a median of whole seconds has halves
    SELECT q.CheckDate AS Day, (2 * q.CadenceSeconds)::BIGINT AS Twice
    FROM iot.DataQuality AS q
    WHERE q.ChannelID = $channel_id AND q.CadenceSeconds IS NOT NULL
),
-- from each second with readings to the next one, the last before the span among them
steps AS MATERIALIZED (
    SELECT t.CreatedAt, lead(t.CreatedAt) OVER (ORDER BY t.CreatedAt) AS NextAt
    FROM (
        SELECT r.CreatedAt FROM readings AS r
        UNION ALL
        SELECT max(r.CreatedAt)
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = $channel_id AND r.CreatedAt < (SELECT s.StartAt FROM span AS s)
    ) AS t
    WHERE t.CreatedAt IS NOT NULL
),
gaps AS (
    SELECT
        greatest(t.CreatedAt, s.StartAt) AS FirstAt, coalesce(t.NextAt, s.EndAt) AS LastAt,
        (t.CreatedAt >= s.StartAt)::INTEGER AS IsThere,
        datediff('second', greatest(t.CreatedAt, s.StartAt), coalesce(t.NextAt, s.EndAt)) AS Seconds, c.Twice
    FROM steps AS t
    CROSS JOIN span AS s
    JOIN cadences AS c ON c.Day = t.CreatedAt::DATE
    WHERE s.StartAt < s.EndAt AND (t.NextAt IS NULL OR datediff('second', t.CreatedAt, t.NextAt) > 0)
),
complete AS (
    SELECT
        sum(g.IsThere + g.Absent) AS Checked, sum(g.Absent) AS Broken,
        min_by(g, {'Absent': -g.Absent, 'FirstAt': g.FirstAt}) FILTER (g.Absent > 0) AS Worst
    FROM (
        SELECT n.*, greatest(0, (4 * n.Seconds + n.Twice) // (2 * n.Twice) - 1) AS Absent FROM gaps AS n
    ) AS g
),
-- what was loaded before the channel was followed has not come late
followed AS (
    SELECT least(
        (SELECT min(r.ImportedAt) FROM readings AS r),
        (
            SELECT min(p.StartedAt)
            FROM iot.PipelineRuns AS p
            WHERE p.ChannelID = $channel_id AND p.Source IS NULL AND p.Outcome = 'success'
        )
    ) AS Since
),
ranges AS (
    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        any_value(f.MinValue) FILTER (f.FieldNumber = #) AS Low#,
        any_value(f.MaxValue) FILTER (f.FieldNumber = #) AS High#,
        -- end
        coalesce(bit_or(1 << (f.FieldNumber - 1)) FILTER (coalesce(f.MinValue, f.MaxValue) IS NOT NULL), 0) AS Ranged
    FROM iot.FieldRanges AS f
    WHERE f.ChannelID = $channel_id
),
texts AS (
    SELECT
        v.Epoch, v.EntryID,
        bit_or(1 << (right(v.ColumnName, 1)::INTEGER - 1)) FILTER (v.Reason <> 'rounded') AS Untyped,
        bit_or(1 << (right(v.ColumnName, 1)::INTEGER - 1)) FILTER (v.Reason = 'rounded') AS Rounded
    FROM iot.RawValues AS v
    WHERE
        v.ChannelID = $channel_id AND v.Reason IN ('unparseable', 'out of range', 'rounded')
        AND v.ColumnName IN (
            'Field#' -- each field, comma between
        )
    GROUP BY v.Epoch, v.EntryID
),
-- a field is known after fourteen days with values; what is unusual is found up to the newest day that was judged
known AS (
    SELECT
        k.FieldNumber, list_sort(list(k.Day))[14] + 1 AS FirstDay,
        any_value(k.NewestDay) AS NewestDay
    FROM (
        SELECT
            n.NewestDay, g.PeriodStart::DATE AS Day, unnest(range(1, 9)) AS FieldNumber,
            unnest([
                g.Field#Count -- each field, comma between
            ]) AS Amount
        FROM iot.AnomalyChannels AS n
        JOIN iot.AggregatedData AS g ON g.ChannelID = n.ChannelID AND g.PeriodStart >= n.FirstDay
        WHERE n.ChannelID = $channel_id AND g.AggregationType = 'DAILY'
    ) AS k
    WHERE k.Amount > 0
    GROUP BY k.FieldNumber
),
unusual AS (
-- include unusual
        AND a.ChannelID = $channel_id
),
-- the readings with a value of a field while something is unusual in it
odd AS (
    SELECT
        o.FieldNumber, count(*) AS Readings, min(o.CreatedAt) AS FirstAt, max(o.CreatedAt) AS LastAt
    FROM (
        SELECT DISTINCT d.FieldNumber, r.Epoch, r.EntryID, r.CreatedAt
        FROM (
            SELECT
                u.FieldNumber, u.StartedAt, u.EndedAt,
                unnest(range(
                    greatest(u.StartedAt::DATE, k.FirstDay), least(u.EndedAt::DATE, k.NewestDay) + 1, INTERVAL 1 DAY
                ))::DATE AS Day
            FROM unusual AS u
            JOIN known AS k ON k.FieldNumber = u.FieldNumber AND k.FirstDay IS NOT NULL
        ) AS d
        JOIN readings AS r ON r.CreatedAt::DATE = d.Day AND r.CreatedAt BETWEEN d.StartedAt AND d.EndedAt
        WHERE
            [
                r.Field# -- each field, comma between
            ][d.FieldNumber] IS NOT NULL
    ) AS o
    GROUP BY o.FieldNumber, date_trunc('hour', o.CreatedAt)
),
parts AS MATERIALIZED (
    SELECT
        m.Hour, m.Present, m.Outside, m.Untyped & ~m.Present AS Untyped, m.Rounded & m.Present AS Rounded, m.IsLate,
        count(*) AS Readings, min(m.CreatedAt) AS FirstAt, max(m.CreatedAt) AS LastAt
    FROM (
        SELECT
            r.CreatedAt, date_trunc('hour', r.CreatedAt) AS Hour,
            0
            + (r.Field# IS NOT NULL)::INTEGER * (1 << (# - 1)) -- each field
            AS Present,
            0
            + coalesce(r.Field# < g.Low# OR r.Field# > g.High#, FALSE)::INTEGER * (1 << (# - 1)) -- each field
            AS Outside,
            coalesce(t.Untyped, 0) AS Untyped, coalesce(t.Rounded, 0) AS Rounded,
            CASE WHEN r.CreatedAt >= f.Since AND c.Twice IS NOT NULL
                THEN epoch_us(r.ImportedAt) - epoch_us(r.CreatedAt) > greatest(600000000, 1500000 * c.Twice)
            END AS IsLate
        FROM readings AS r
        CROSS JOIN ranges AS g
        CROSS JOIN followed AS f
        LEFT JOIN cadences AS c ON c.Day = r.CreatedAt::DATE
        LEFT JOIN texts AS t ON t.Epoch = r.Epoch AND t.EntryID = r.EntryID
    ) AS m
    GROUP BY ALL
),
-- a field comes with another one where on most days nine of ten readings of that one have it
partners AS (
    SELECT p.FieldNumber, bit_or(p.OtherBit) AS Others
    FROM (
        SELECT p.FieldNumber, p.OtherBit
        FROM (
            SELECT
                f.FieldNumber, o.Bit AS OtherBit, h.Hour::DATE AS Day, sum(h.Readings) AS Readings,
                coalesce(sum(h.Readings) FILTER (h.Present & f.Bit > 0), 0) AS Shared
            FROM parts AS h
            JOIN fields AS o ON h.Present & o.Bit > 0
            JOIN fields AS f ON f.FieldNumber <> o.FieldNumber
            GROUP BY ALL
        ) AS p
        GROUP BY p.FieldNumber, p.OtherBit
        HAVING 2 * count(*) FILTER (10 * p.Shared >= 9 * p.Readings) > count(*)
    ) AS p
    GROUP BY p.FieldNumber
),
repeats AS (
    SELECT r.CreatedAt, count(*) - 1 AS Repeats
    FROM readings AS r
    WHERE r.CreatedAt IN (SELECT t.CreatedAt FROM steps AS t WHERE t.NextAt = t.CreatedAt)
    GROUP BY
        r.CreatedAt,
        r.Field# -- each field, comma between
    HAVING count(*) > 1
),
-- 1 completeness, 2 validity, 3 timeliness, 4 uniqueness, 5 consistency, 6 plausibility
items AS (
    SELECT
        2 AS Place, f.FieldNumber, h.FirstAt, h.LastAt, h.Readings AS Checked,
        (((h.Outside | h.Untyped | h.Rounded) & f.Bit) > 0)::INTEGER * h.Readings AS Broken,
        (h.Outside & f.Bit > 0)::INTEGER * h.Readings AS OutOfRange,
        (h.Untyped & f.Bit > 0)::INTEGER * h.Readings AS Untyped,
        (h.Rounded & f.Bit > 0)::INTEGER * h.Readings AS Rounded
    FROM parts AS h
    JOIN fields AS f ON (h.Present | h.Untyped) & f.Bit > 0
    UNION ALL
    SELECT 3, 0, h.FirstAt, h.LastAt, h.Readings, h.IsLate::INTEGER * h.Readings, 0, 0, 0
    FROM parts AS h
    WHERE h.IsLate IS NOT NULL
    UNION ALL
    SELECT 4, 0, h.FirstAt, h.LastAt, h.Readings, 0, 0, 0, 0 FROM parts AS h
    UNION ALL
    SELECT 4, 0, r.CreatedAt, r.CreatedAt, 0, r.Repeats, 0, 0, 0 FROM repeats AS r
    UNION ALL
    SELECT 5, f.FieldNumber, h.FirstAt, h.LastAt, h.Readings, (h.Present & f.Bit = 0)::INTEGER * h.Readings, 0, 0, 0
    FROM partners AS p
    JOIN fields AS f ON f.FieldNumber = p.FieldNumber
    JOIN parts AS h ON h.Present & p.Others > 0
    UNION ALL
    SELECT 6, k.FieldNumber, h.FirstAt, h.LastAt, h.Readings, 0, 0, 0, 0
    FROM known AS k
    JOIN parts AS h
        ON h.Present & (1 << (k.FieldNumber - 1)) > 0 AND h.Hour >= k.FirstDay AND h.Hour < k.NewestDay + 1
    UNION ALL
    SELECT 6, o.FieldNumber, o.FirstAt, o.LastAt, 0, o.Readings, 0, 0, 0 FROM odd AS o
),
hourly AS (
    SELECT
        i.Place, i.FieldNumber, date_trunc('hour', i.FirstAt) AS Hour, sum(i.Checked) AS Checked,
        sum(i.Broken) AS Broken, sum(i.OutOfRange) AS OutOfRange, sum(i.Untyped) AS Untyped, sum(i.Rounded) AS Rounded,
        min(CASE WHEN i.Broken > 0 THEN i.FirstAt END) AS FirstAt,
        max(CASE WHEN i.Broken > 0 THEN i.LastAt END) AS LastAt
    FROM items AS i
    GROUP BY ALL
),
-- broken ones that follow one another, with all that is checked up to the next ones
spells AS (
    SELECT
        s.Place, s.FieldNumber, sum(s.Checked) AS Checked, sum(s.Broken) AS Broken, sum(s.OutOfRange) AS OutOfRange,
        sum(s.Untyped) AS Untyped, sum(s.Rounded) AS Rounded, min(s.FirstAt) AS WorstFrom, max(s.LastAt) AS WorstTo,
        sum(s.Broken) AS WorstBroken
    FROM (
        SELECT
            b.*, sum(b.IsApart::INTEGER) OVER (
                PARTITION BY b.Place, b.FieldNumber ORDER BY b.Hour ROWS UNBOUNDED PRECEDING
            ) AS Number
        FROM (
            SELECT
                h.*,
                coalesce(h.FirstAt - max(h.LastAt) OVER (
                    PARTITION BY h.Place, h.FieldNumber ORDER BY h.Hour
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) > INTERVAL 6 HOUR, FALSE) AS IsApart
            FROM hourly AS h
        ) AS b
    ) AS s
    GROUP BY s.Place, s.FieldNumber, s.Number
    UNION ALL
    SELECT 1, 0, c.Checked, c.Broken, 0, 0, 0, c.Worst.FirstAt, c.Worst.LastAt, coalesce(c.Worst.Absent, 0)
    FROM complete AS c
),
-- the channel has what its fields have together, and the worst of their spells
judged AS (
    SELECT
        s.Place, s.Number AS FieldNumber, sum(s.Checked) AS Checked, sum(s.Broken) AS Broken,
        sum(s.OutOfRange) AS OutOfRange, sum(s.Untyped) AS Untyped, sum(s.Rounded) AS Rounded,
        max({
            'Broken': s.WorstBroken, 'Before': -epoch_us(s.WorstFrom), 'Less': -s.FieldNumber,
            'FirstAt': s.WorstFrom, 'LastAt': s.WorstTo
        }) FILTER (s.WorstBroken > 0) AS Worst
    FROM (
        SELECT n.*, unnest(list_distinct([n.FieldNumber, 0])) AS Number FROM spells AS n
    ) AS s
    GROUP BY s.Place, s.Number
),
valued AS (
    SELECT coalesce(bit_or(h.Present | h.Untyped), 0) AS Fields, any_value(g.Ranged) AS Ranged
    FROM ranges AS g
    LEFT JOIN parts AS h ON TRUE
),
wanted AS (
    SELECT unnest(range(1, 7)) AS Place, 0 AS FieldNumber, 0 AS Bit
    UNION ALL
    SELECT unnest([2, 5, 6]), f.FieldNumber, f.Bit FROM valued AS v JOIN fields AS f ON v.Fields & f.Bit > 0
)
SELECT
    ['COMPLETENESS', 'VALIDITY', 'TIMELINESS', 'UNIQUENESS', 'CONSISTENCY', 'PLAUSIBILITY'][w.Place] AS Dimension,
    w.FieldNumber, coalesce(j.Checked, 0) AS Checked, coalesce(j.Broken, 0) AS Broken,
    (j.Checked - j.Broken)::DOUBLE / nullif(j.Checked, 0) AS Share,
    j.Worst.FirstAt AS WorstFrom, j.Worst.LastAt AS WorstTo, coalesce(j.Worst.Broken, 0) AS WorstBroken,
    CASE WHEN w.Place IN (1, 3) THEN (
        SELECT arg_max(c.Twice, c.Day) / 2 FROM cadences AS c CROSS JOIN span AS s WHERE c.Day <= s.EndAt::DATE
    ) END AS UsualSeconds,
    CASE WHEN w.Place = 2 THEN coalesce(j.OutOfRange, 0) END AS OutOfRange,
    CASE WHEN w.Place = 2 THEN coalesce(j.Untyped, 0) END AS Untyped,
    CASE WHEN w.Place = 2 THEN coalesce(j.Rounded, 0) END AS Rounded,
    CASE WHEN w.Place = 2 AND w.FieldNumber = 0 THEN v.Fields & ~v.Ranged = 0
        WHEN w.Place = 2 THEN v.Ranged & w.Bit > 0
    END AS IsRanged
FROM wanted AS w
CROSS JOIN valued AS v
LEFT JOIN judged AS j ON j.Place = w.Place AND j.FieldNumber = w.FieldNumber
ORDER BY w.Place, w.FieldNumber;
