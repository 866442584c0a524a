-- From instant and asked(ChannelID, CheckDate), days from asked_from to asked_to: quality(...), one row for each day
-- asked. Anomalous is a reading with a value of a field while something is unusual in it. A day's cadence is that of the
-- thirty days before a, the end of the day or the as-of instant, whichever is first: every day is cut in two at the time
-- of day of the as-of instant, so that each window has sixty parts, read once for all windows.
-- A step is the time from one second with readings to the next one, told by the part in which it ends; the one into a
-- window does not lie within it. A step of -1 is none.
windows AS (
    SELECT
        a.ChannelID, a.CheckDate, toDateTime64(addDays(a.CheckDate, 1), 6, 'UTC') <= instant AS IsOver,
        if(IsOver, 2 * (toInt32(a.CheckDate) + 1), 2 * toInt32(toDate32(instant)) + 1) AS EndPart
    FROM asked AS a
),
stepped AS (
    SELECT
        r.ChannelID, r.CreatedAt,
        intDiv(toUnixTimestamp64Micro(r.CreatedAt) - positiveModulo(toUnixTimestamp64Micro(r.CreatedAt), 1000000), 1000000)
            AS Second,
        2 * toInt32(toDate32(r.CreatedAt)) + (
            positiveModulo(toUnixTimestamp64Micro(r.CreatedAt), 86400000000)
            >= positiveModulo(toUnixTimestamp64Micro(instant), 86400000000)
        ) AS Part,
        Second - lag(Second, 1, Second + 1) OVER (PARTITION BY r.ChannelID ORDER BY r.CreatedAt) AS Step
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID IN (SELECT a.ChannelID FROM asked AS a)
        AND r.CreatedAt >= toDateTime64(addDays(asked_from, -31), 6, 'UTC')
        AND r.CreatedAt < least(instant, toDateTime64(addDays(asked_to, 1), 6, 'UTC'))
),
by_step AS (
    SELECT s.ChannelID, s.Part, s.Step, min(s.CreatedAt) AS FirstAt, count() AS Readings
    FROM stepped AS s
    GROUP BY s.ChannelID, s.Part, s.Step
),
parts AS (
    SELECT
        s.ChannelID, s.Part, sumIf(s.Readings, s.Step <> 0) AS Seconds, argMin(s.Step, s.FirstAt) AS Opening,
        groupArrayIf(s.Step, s.Step > 0) AS Steps, groupArrayIf(s.Readings, s.Step > 0) AS Counts
    FROM by_step AS s
    GROUP BY s.ChannelID, s.Part
),
merged AS (
    SELECT
        w.ChannelID, w.CheckDate, w.IsOver,
        sumMap(p.Steps, p.Counts) AS Merged, ifNull(argMin(p.Opening, p.Part), -1) AS Into,
        sumIf(p.Seconds, w.Part >= 2 * toInt32(w.CheckDate)) AS Seconds,
        arrayCumSum(arrayMap((s, n) -> toInt64(n) - (s = Into), Merged.1, Merged.2)) AS UpTo,
        if(
            UpTo[-1] >= 10,
            (
                Merged.1[arrayFirstIndex(n -> 2 * n >= UpTo[-1], UpTo)]
                + Merged.1[arrayFirstIndex(n -> 2 * n > UpTo[-1], UpTo)]
            ) / 2,
            NULL
        ) AS Cadence
    FROM (SELECT v.*, arrayJoin(range(v.EndPart - 60, v.EndPart)) AS Part FROM windows AS v) AS w
    LEFT JOIN parts AS p ON p.ChannelID = w.ChannelID AND p.Part = w.Part
    GROUP BY w.ChannelID, w.CheckDate, w.IsOver
),
ranges AS (
    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        anyIf(f.MinValue, f.FieldNumber = #) AS Low#, anyIf(f.MaxValue, f.FieldNumber = #) AS High#,
        -- end
        f.ChannelID, groupArray(f.FieldNumber) AS Ranged
    FROM iot.FieldRanges AS f
    WHERE f.ChannelID IN (SELECT a.ChannelID FROM asked AS a)
    GROUP BY f.ChannelID
),
odd_spans AS (
    SELECT
        w.ChannelID AS ChannelID, w.CheckDate AS CheckDate,
        groupArray((u.FieldNumber, u.StartedAt, u.EndedAt)) AS Spans
    FROM asked AS w
    JOIN (
-- include unusual
    ) AS u ON u.ChannelID = w.ChannelID
    WHERE
        u.StartedAt < toDateTime64(addDays(w.CheckDate, 1), 6, 'UTC')
        AND u.EndedAt >= toDateTime64(w.CheckDate, 6, 'UTC')
    GROUP BY w.ChannelID, w.CheckDate
),
-- a row for each window, without a reading too: whatever is named twice would be planned and run twice
judged AS (
    SELECT
        m.ChannelID AS ChannelID, m.CheckDate AS CheckDate, count(r.EntryID) AS Readings,
        countIf(
            r.EntryID IS NOT NULL
            AND coalesce(r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8) IS NULL
        ) AS Missing,
        countIf(
            r.Field# < g.Low# OR r.Field# > g.High# -- each field, OR between
        ) AS OutOfRange,
        countIf(
            arrayExists(
                s -> r.CreatedAt >= s.2 AND r.CreatedAt <= s.3 AND [
                    r.Field# -- each field, comma between
                ][s.1] IS NOT NULL,
                o.Spans
            )
        ) AS Anomalies,
        arrayStringConcat(
            arrayFilter(
                f -> f <> '',
                [
                    -- each field, comma between
                    if(count(r.Field#) > 0 AND NOT has(any(g.Ranged), #), '#', '')
                    -- end
                ]
            ), ', '
        ) AS Unranged,
        any(m.Cadence) AS Cadence, toInt64(coalesce(any(m.Seconds), 0)) AS Seconds,
        greatest(
            0,
            toUnixTimestamp64Micro(if(m.IsOver, toDateTime64(addDays(m.CheckDate, 1), 6, 'UTC'), instant))
            - toUnixTimestamp64Micro(toDateTime64(m.CheckDate, 6, 'UTC'))
        ) AS Passed,
        -- what is not there is divided by as well, before it is NULL
        if(Cadence IS NULL, NULL, toInt64(floor(Passed / 1e6 / coalesce(Cadence, 1)))) AS Expected
    FROM (
        SELECT c.*
        FROM iot.CurrentReadings AS c
        WHERE
            c.ChannelID IN (SELECT a.ChannelID FROM asked AS a)
            AND c.CreatedAt >= toDateTime64(asked_from, 6, 'UTC')
            AND c.CreatedAt < least(instant, toDateTime64(addDays(asked_to, 1), 6, 'UTC'))
    ) AS r
    RIGHT JOIN merged AS m ON m.ChannelID = r.ChannelID AND m.CheckDate = toDate32(r.CreatedAt)
    LEFT JOIN odd_spans AS o ON o.ChannelID = m.ChannelID AND o.CheckDate = m.CheckDate
    LEFT JOIN ranges AS g ON g.ChannelID = m.ChannelID
    GROUP BY m.ChannelID, m.CheckDate, m.IsOver
),
quality AS (
    SELECT
        j.ChannelID, j.CheckDate,
        j.Readings AS TotalReadings, j.Missing AS MissingReadings,
        j.OutOfRange AS OutOfRangeReadings, j.Anomalies AS AnomaliesDetected,
        if(
            j.Readings = 0, 0, greatest(0, 100 - (30 * j.Missing + 40 * j.OutOfRange + 30 * j.Anomalies) / j.Readings)
        ) AS QualityScore,
        j.Cadence AS CadenceSeconds,
        j.Expected AS ExpectedReadings,
        if(j.Expected IS NULL, NULL, greatest(0, j.Expected - j.Seconds)) AS AbsentReadings,
        j.Unranged = '' AS RangesConfigured,
        if(
            j.Unranged = '', NULL,
            concat('no range configured for field ', j.Unranged, ': nothing there counts as out of range')
        ) AS Notes,
        instant AS AsOfTime
    FROM judged AS j
)
