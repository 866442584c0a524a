-- quality_dimensions(channel_id, start_at, end_at, as_of): how good the readings of a span are in each of six ways, a
-- row for the channel (field 0) and, where fields are judged by themselves, one for each that has values; a span that
-- is NULL begins with the first reading and ends with as-of.
-- Of what is checked so many are broken; the worst span is, of absent readings, the longest gap, else the time in
-- which most broken ones follow one another within six hours. One pass over the readings counts by hours which fields
-- (bits: 1 is field 1, 128 is field 8) are what; all else is made of these counts.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
least(coalesce({end_at:Nullable(DateTime64(6, 'UTC'))}, instant), instant) AS span_end,
coalesce({start_at:Nullable(DateTime64(6, 'UTC'))}, (
    SELECT minOrNull(r.CreatedAt) FROM iot.CountedReadings AS r WHERE r.ChannelID = {channel_id:Int64}
), span_end) AS span_start,
-- what was loaded before the channel was followed has not come late
(
    SELECT min(f.Since)
    FROM (
        SELECT minOrNull(p.StartedAt) AS Since
        FROM iot.PipelineRuns AS p
        WHERE p.ChannelID = {channel_id:Int64} AND p.Source IS NULL AND p.Outcome = 'success'
        UNION ALL
        SELECT minOrNull(r.ImportedAt)
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt >= span_start AND r.CreatedAt < span_end
    ) AS f
) AS followed,
-- a field is known after fourteen days with values; what is unusual is found up to the newest day that was judged
(
    SELECT groupArray((k.FieldNumber, k.FirstDay, k.NewestDay))
    FROM (
        SELECT f.1 AS FieldNumber, arraySort(groupArray(toDate32(g.PeriodStart))) AS Days,
            toInt32(Days[14]) + 1 AS FirstDay, toInt32(any(n.NewestDay)) AS NewestDay
        FROM iot.AggregatedData AS g
        JOIN iot.AnomalyChannels AS n ON n.ChannelID = g.ChannelID
        ARRAY JOIN [
            (toInt32(#), g.Field#Count) -- each field, comma between
        ] AS f
        WHERE
            g.ChannelID = {channel_id:Int64} AND n.ChannelID = {channel_id:Int64} AND g.AggregationType = 'DAILY'
            AND f.2 > 0 AND toDate32(g.PeriodStart) >= n.FirstDay
        GROUP BY f.1
        HAVING length(Days) >= 14
    ) AS k
) AS known,
-- of each day twice the usual distance, since a median of whole seconds has halves, and what was unusual then
days AS (
    SELECT d.Day AS Day, max(d.Twice) AS Twice, groupArrayArray(d.Spells) AS Spells
    FROM (
        SELECT
            toInt32(q.CheckDate) AS Day, toNullable(toInt64(2 * assumeNotNull(q.CadenceSeconds))) AS Twice,
            CAST([], 'Array(Tuple(DateTime64(6, \'UTC\'), DateTime64(6, \'UTC\'), UInt8))') AS Spells
        FROM iot.DataQuality AS q
        WHERE q.ChannelID = {channel_id:Int64} AND q.CadenceSeconds IS NOT NULL
        UNION ALL
        SELECT
            arrayJoin(range(
                greatest(toInt32(toDate32(u.StartedAt)), u.Known.2),
                least(toInt32(toDate32(u.EndedAt)), u.Known.3) + 1
            )),
            NULL, [(u.StartedAt, u.EndedAt, toUInt8(bitShiftLeft(1, u.FieldNumber - 1)))]
        FROM (
            SELECT o.*, arrayFirst(k -> k.1 = o.FieldNumber, known) AS Known
            FROM (
-- include unusual
                AND a.ChannelID = {channel_id:Int64}
            ) AS o
        ) AS u
        WHERE u.Known.1 > 0
    ) AS d
    GROUP BY d.Day
),
(
    SELECT argMaxOrNull(d.Twice, d.Day) / 2
    FROM days AS d
    WHERE d.Twice IS NOT NULL AND d.Day <= toInt32(toDate32(span_end))
) AS usual,
ranges AS (
    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        anyIf(f.MinValue, f.FieldNumber = #) AS Low#, anyIf(f.MaxValue, f.FieldNumber = #) AS High#,
        -- end
        groupBitOrIf(
            bitShiftLeft(toUInt8(1), f.FieldNumber - 1), f.MinValue IS NOT NULL OR f.MaxValue IS NOT NULL
        ) AS Ranged
    FROM iot.FieldRanges AS f
    WHERE f.ChannelID = {channel_id:Int64}
),
(SELECT r.Ranged FROM ranges AS r) AS ranged,
texts AS (
    SELECT
        v.Epoch AS Epoch, v.EntryID AS EntryID,
        groupBitOrIf(bitShiftLeft(toUInt8(1), toUInt8(right(v.ColumnName, 1)) - 1), v.Reason <> 'rounded') AS Untyped,
        groupBitOrIf(bitShiftLeft(toUInt8(1), toUInt8(right(v.ColumnName, 1)) - 1), v.Reason = 'rounded') AS Rounded
    FROM iot.RawValues AS v
    WHERE
        v.ChannelID = {channel_id:Int64} AND v.Reason IN ('unparseable', 'out of range', 'rounded')
        AND v.ColumnName IN (
            'Field#' -- each field, comma between
        )
    GROUP BY v.Epoch, v.EntryID
),
-- the last reading before the span is not of it: what is absent may begin with it
placed AS (
    SELECT
        t.*, lead(toNullable(t.CreatedAt)) OVER w AS NextAt,
        t.IsWithin AND t.CreatedAt = lag(toNullable(t.CreatedAt)) OVER w AND t.Content = lag(t.Content) OVER w
            AS IsRepeat
    FROM (
        SELECT
            r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt, r.ImportedAt AS ImportedAt,
            TRUE AS IsWithin,
            toUInt8(
                0
                + (r.Field# IS NOT NULL) * bitShiftLeft(1, # - 1) -- each field
            ) AS Present,
            toUInt8(
                0
                + ifNull(r.Field# < g.Low# OR r.Field# > g.High#, FALSE) * bitShiftLeft(1, # - 1) -- each field
            ) AS Outside,
            cityHash64(
                Present,
                -- each field, comma between
                ifNull(r.Field#, 0)
                -- end
            ) AS Content
        FROM iot.CountedReadings AS r
        CROSS JOIN ranges AS g
        WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt >= span_start AND r.CreatedAt < span_end
        UNION ALL
        SELECT 0, 0, max(r.CreatedAt) AS Before, Before, FALSE, 0, 0, 0
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt < span_start
        HAVING count() > 0
    ) AS t
    WINDOW w AS (ORDER BY t.CreatedAt, t.Content)
),
(
    SELECT groupArray((
        p.Hour, p.IsWithin, p.Present, p.Outside, p.Untyped, p.Rounded, p.IsRepeat, p.IsLate, p.Odd,
        p.Readings, p.FirstAt, p.LastAt, p.Seconds, p.Absent, p.Longest
    ))
    FROM (
        SELECT
            w.Hour AS Hour, w.IsWithin AS IsWithin, w.Present AS Present, w.Outside AS Outside, w.Untyped AS Untyped,
            w.Rounded AS Rounded, w.IsRepeat AS IsRepeat, w.IsLate AS IsLate, w.Odd AS Odd,
            toInt64(count()) AS Readings, min(w.CreatedAt) AS FirstAt, max(w.CreatedAt) AS LastAt,
            toInt64(countIf(w.IsSecond AND w.IsWithin)) AS Seconds, sumIf(w.Absent, w.IsSecond) AS Absent,
            maxIf((w.Absent, -toUnixTimestamp64Micro(w.GapFrom), w.GapTo), w.IsSecond) AS Longest
        FROM (
            SELECT
                p.CreatedAt AS CreatedAt, p.IsWithin AS IsWithin, p.Present AS Present, p.Outside AS Outside,
                bitAnd(ifNull(t.Untyped, 0), bitNot(p.Present)) AS Untyped,
                bitAnd(ifNull(t.Rounded, 0), p.Present) AS Rounded,
                ifNull(p.IsRepeat, FALSE) AS IsRepeat, toStartOfHour(p.CreatedAt) AS Hour,
                if(
                    p.IsWithin AND p.CreatedAt >= followed AND d.Twice IS NOT NULL,
                    toUnixTimestamp64Micro(p.ImportedAt) - toUnixTimestamp64Micro(p.CreatedAt)
                    > greatest(600000000, 1500000 * assumeNotNull(d.Twice)),
                    NULL
                ) AS IsLate,
                bitAnd(p.Present, arrayFold(
                    (bits, s) -> bitOr(bits, if(p.CreatedAt >= s.1 AND p.CreatedAt <= s.2, s.3, toUInt8(0))),
                    d.Spells, toUInt8(0)
                )) AS Odd,
                greatest(p.CreatedAt, assumeNotNull(span_start)) AS GapFrom,
                coalesce(p.NextAt, span_end) AS GapTo,
                toStartOfSecond(GapTo) AS ToSecond, toStartOfSecond(GapFrom) AS FromSecond,
                -- of a second that has several readings, the last one is followed by other seconds
                d.Twice IS NOT NULL
                AND (p.NextAt IS NULL OR toStartOfSecond(assumeNotNull(p.NextAt)) > toStartOfSecond(p.CreatedAt))
                    AS IsSecond,
                assumeNotNull(greatest(
                    0,
                    intDiv(
                        4 * intDiv(
                            toUnixTimestamp64Micro(ToSecond) - toUnixTimestamp64Micro(FromSecond), 1000000
                        ) + d.Twice,
                        2 * coalesce(d.Twice, 1)
                    ) - 1
                )) AS Absent
            FROM placed AS p
            LEFT JOIN days AS d ON d.Day = toInt32(toDate32(p.CreatedAt))
            LEFT JOIN texts AS t ON t.Epoch = p.Epoch AND t.EntryID = p.EntryID
            WHERE span_start < span_end
        ) AS w
        GROUP BY ALL
    ) AS p
) AS counted,
-- a field comes with another one where on most days nine of ten readings of that one have it
(
    SELECT groupArray((p.FieldNumber, p.Others))
    FROM (
        SELECT p.FieldNumber AS FieldNumber, groupBitOr(bitShiftLeft(toUInt8(1), p.Other - 1)) AS Others
        FROM (
            SELECT d.FieldNumber AS FieldNumber, d.Other AS Other
            FROM (
                SELECT
                    f.1 AS FieldNumber, f.2 AS Other, toDate32(h.1) AS Day, sum(h.10) AS Readings,
                    sumIf(h.10, bitTest(h.3, f.1 - 1)) AS Shared
                FROM (
                    SELECT
                        arrayJoin(counted) AS h,
                        arrayJoin(arrayFilter(
                            x -> x.1 <> x.2 AND bitTest(h.3, x.2 - 1),
                            arrayMap(n -> (toInt32(intDiv(n, 8) + 1), toInt32(n % 8 + 1)), range(64))
                        )) AS f
                )
                GROUP BY f.1, f.2, Day
            ) AS d
            GROUP BY d.FieldNumber, d.Other
            HAVING 2 * countIf(10 * d.Shared >= 9 * d.Readings) > count()
        ) AS p
        GROUP BY p.FieldNumber
    ) AS p
) AS partners,
-- 1 completeness, 2 validity, 3 timeliness, 4 uniqueness, 5 consistency, 6 plausibility; of each the field, how many
-- are checked, broken, out of range, untyped, rounded
items AS (
    SELECT
        h.1 AS Hour, h.11 AS FirstAt, h.12 AS LastAt,
        arrayJoin(arrayConcat(
            arrayMap(
                f -> (
                    2, f, h.10, h.10 * bitTest(bitOr(h.4, bitOr(h.5, h.6)), f - 1), h.10 * bitTest(h.4, f - 1),
                    h.10 * bitTest(h.5, f - 1), h.10 * bitTest(h.6, f - 1)
                ),
                arrayFilter(f -> bitTest(bitOr(h.3, h.5), f - 1), arrayMap(n -> toInt32(n), range(1, 9)))
            ),
            if(h.8 IS NULL, [], [(3, toInt32(0), h.10, h.10 * assumeNotNull(h.8), 0, 0, 0)]),
            if(h.2, [(4, toInt32(0), h.10, h.10 * h.7, 0, 0, 0)], []),
            arrayMap(
                p -> (5, p.1, h.10, h.10 * NOT bitTest(h.3, p.1 - 1), 0, 0, 0),
                arrayFilter(p -> bitAnd(h.3, p.2) > 0, partners)
            ),
            arrayMap(
                k -> (6, k.1, h.10, h.10 * bitTest(h.9, k.1 - 1), 0, 0, 0),
                arrayFilter(
                    k -> bitTest(h.3, k.1 - 1) AND toInt32(toDate32(h.1)) >= k.2 AND toInt32(toDate32(h.1)) <= k.3,
                    known
                )
            )
        )) AS i
    FROM (SELECT arrayJoin(counted) AS h)
),
hourly AS (
    SELECT
        i.i.1 AS Place, i.i.2 AS FieldNumber, i.Hour AS Hour, sum(i.i.3) AS Checked, sum(i.i.4) AS Broken,
        sum(i.i.5) AS OutOfRange, sum(i.i.6) AS Untyped, sum(i.i.7) AS Rounded,
        minOrNullIf(i.FirstAt, i.i.4 > 0) AS FirstAt, maxOrNullIf(i.LastAt, i.i.4 > 0) AS LastAt
    FROM items AS i
    GROUP BY i.i.1, i.i.2, i.Hour
),
-- broken ones that follow one another, with all that is checked up to the next ones
spells AS (
    SELECT
        s.Place AS Place, s.FieldNumber AS FieldNumber, sum(s.Checked) AS Checked, sum(s.Broken) AS Broken,
        sum(s.OutOfRange) AS OutOfRange, sum(s.Untyped) AS Untyped, sum(s.Rounded) AS Rounded,
        (Broken, -toUnixTimestamp64Micro(ifNull(min(s.FirstAt), span_end)), max(s.LastAt)) AS Worst
    FROM (
        SELECT
            b.*, countIf(b.IsApart) OVER (
                PARTITION BY b.Place, b.FieldNumber ORDER BY b.Hour ROWS UNBOUNDED PRECEDING
            ) AS Number
        FROM (
            SELECT
                h.*,
                ifNull(toUnixTimestamp64Micro(h.FirstAt) - toUnixTimestamp64Micro(max(h.LastAt) OVER (
                    PARTITION BY h.Place, h.FieldNumber ORDER BY h.Hour
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                )) > 21600000000, FALSE) AS IsApart
            FROM hourly AS h
        ) AS b
    ) AS s
    GROUP BY s.Place, s.FieldNumber, s.Number
    UNION ALL
    SELECT
        1, 0, sum(c.h.13 + c.h.14), sum(c.h.14), 0, 0, 0,
        max((c.h.15.1, c.h.15.2, toNullable(c.h.15.3)))
    FROM (SELECT arrayJoin(counted) AS h) AS c
),
-- the channel has what its fields have together, and the worst of their spells
judged AS (
    SELECT
        s.Place AS Place, s.Number AS FieldNumber, sum(s.Checked) AS Checked, sum(s.Broken) AS Broken,
        sum(s.OutOfRange) AS OutOfRange, sum(s.Untyped) AS Untyped, sum(s.Rounded) AS Rounded,
        max((s.Worst.1, s.Worst.2, -s.FieldNumber, s.Worst.3)) AS Worst
    FROM (
        SELECT n.*, arrayJoin(arrayDistinct([n.FieldNumber, 0])) AS Number FROM spells AS n
    ) AS s
    GROUP BY s.Place, s.Number
),
arrayReduce('groupBitOr', arrayMap(h -> bitOr(h.3, h.5), counted)) AS valued
SELECT
    ['COMPLETENESS', 'VALIDITY', 'TIMELINESS', 'UNIQUENESS', 'CONSISTENCY', 'PLAUSIBILITY'][w.Place] AS Dimension,
    w.FieldNumber AS FieldNumber, ifNull(j.Checked, 0) AS Checked, ifNull(j.Broken, 0) AS Broken,
    if(Checked = 0, NULL, (Checked - Broken) / Checked) AS Share,
    if(Broken = 0, NULL, fromUnixTimestamp64Micro(-j.Worst.2, 'UTC')) AS WorstFrom,
    if(Broken = 0, NULL, j.Worst.4) AS WorstTo, if(Broken = 0, 0, j.Worst.1) AS WorstBroken,
    if(w.Place IN (1, 3), usual, NULL) AS UsualSeconds,
    if(w.Place = 2, ifNull(j.OutOfRange, 0), NULL) AS OutOfRange,
    if(w.Place = 2, ifNull(j.Untyped, 0), NULL) AS Untyped,
    if(w.Place = 2, ifNull(j.Rounded, 0), NULL) AS Rounded,
    multiIf(
        w.Place <> 2, NULL,
        w.FieldNumber = 0, bitAnd(valued, bitNot(ranged)) = 0,
        bitTest(ranged, greatest(w.FieldNumber, 1) - 1) = 1
    ) AS IsRanged
FROM (
    SELECT toInt32(v.1) AS Place, v.2 AS FieldNumber
    FROM (
        SELECT arrayJoin(arrayConcat(
            arrayMap(n -> (n, toInt32(0)), range(1, 7)),
            arrayFlatten(arrayMap(
                f -> arrayMap(n -> (n, toInt32(f)), [2, 5, 6]), arrayFilter(f -> bitTest(valued, f - 1), range(1, 9))
            ))
        )) AS v
    )
) AS w
LEFT JOIN judged AS j ON j.Place = w.Place AND j.FieldNumber = w.FieldNumber
ORDER BY w.Place, FieldNumber;
