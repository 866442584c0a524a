-- INSERT: the models of the new days of chained(ChannelID, Day, IsNew). Each is made of what was known at the day that
-- is not new, the newest judged so far, and of that day and those between. Each CTE but based is named once or twice:
-- the engine computes it as often.
INSERT INTO iot.Models (
    ChannelID, Day, FieldNumber, Levels, Spreads, Far, Lean, Last, Least, Greatest, Days, Readings, Ups, Downs,
    LongestRun, LongestOther, Silences, LastValue, LastAt, LastRunAt, Nature, GreatestRise, Zeros, Ones, Turns, Steps,
    Sines, Cosines, Week, Older, OlderSpread, RightLows, RightHighs, Version
)
WITH
arrayZip(
    {WrongChannels:Array(Int64)}, {WrongFields:Array(Int32)}, {WrongStarts:Array(Int64)}, {WrongEnds:Array(Int64)}
) AS Wrongs,
arrayZip(
    {RightChannels:Array(Int64)}, {RightFields:Array(Int32)}, {RightDays:Array(Date32)}, {RightFamilies:Array(Int64)},
    {RightLows:Array(Float64)}, {RightHighs:Array(Float64)}
) AS Rights,
chained AS (
    SELECT z.1 AS ChannelID, z.2 AS Day, z.3 AS IsNew
    FROM (
        SELECT arrayJoin(arrayZip(
            {ChainChannels:Array(Int64)}, {ChainDays:Array(Date32)}, {ChainNews:Array(Bool)}
        )) AS z
    )
),
based AS (
    SELECT m.*
    FROM iot.FieldModels AS m
    WHERE (m.ChannelID, m.Day) IN (SELECT c.ChannelID, c.Day FROM chained AS c WHERE NOT c.IsNew)
),
-- the level and the spread of each hour of the days, by the 28 days before; Mode 1: of a counter. Hours of the week
-- (Kind 3) shrink towards hours of the day (2), these towards all hours (1), the more the fewer they are; a light's
-- dark hours are dark
hours AS (
    SELECT
        g.ChannelID, addDays(toDate32(g.PeriodStart), After) AS Day, toHour(g.PeriodStart) AS Hour, After,
        f.1 AS FieldNumber, assumeNotNull(f.2) AS Mean, f.3 AS StdDev, assumeNotNull(f.4) AS Rise
    FROM iot.AggregatedData AS g
    ARRAY JOIN [
        -- each field, comma between
        (#, g.Field#Avg, g.Field#StdDev, toFloat64(g.Field#Max - g.Field#Min) / g.Field#Count)
        -- end
    ] AS f
    ARRAY JOIN range(1, 29) AS After
    WHERE
        g.AggregationType = 'HOURLY' AND has({ChainChannels:Array(Int64)}, g.ChannelID) AND f.2 IS NOT NULL
        AND g.PeriodStart >= toDateTime64({FirstDay:Date32} - 28, 6, 'UTC')
        AND g.PeriodStart < toDateTime64({LastDay:Date32}, 6, 'UTC')
        AND (g.ChannelID, addDays(toDate32(g.PeriodStart), After)) IN (
            SELECT c.ChannelID, c.Day FROM chained AS c WHERE c.IsNew
        )
        AND NOT arrayExists(
            w -> w.1 = g.ChannelID AND w.2 = f.1 AND w.4 >= toUnixTimestamp64Micro(g.PeriodStart)
            AND w.3 < toUnixTimestamp64Micro(g.PeriodStart) + 3600000000,
            Wrongs
        )
),
middles AS (
    SELECT
        h.ChannelID, h.Day, h.FieldNumber, l.1 AS Mode, Kind, if(Kind = 1, 0, h.Hour) AS OfHour, count() AS Hours,
        quantileExactInclusive(0.5)(l.2) AS Level, groupArray(l.2) AS Levels,
        quantileExactInclusive(0.5)(l.3) AS Variance
    FROM hours AS h
    ARRAY JOIN [(0, h.Mean, ifNull(h.StdDev * h.StdDev, 0)), (1, h.Rise, h.Rise * h.Rise)] AS l
    ARRAY JOIN if(h.After % 7 = 0, [1, 2, 3], [1, 2]) AS Kind
    GROUP BY h.ChannelID, h.Day, h.FieldNumber, Mode, Kind, OfHour
),
spreads AS (
    SELECT
        m.ChannelID, m.Day, m.FieldNumber, m.Mode, m.Kind, m.OfHour, m.Hours, m.Level,
        arrayMap(x -> abs(x - m.Level), m.Levels) AS Distances,
        arrayReduce('quantileExactInclusive(0.5)', Distances) AS Distance,
        m.Variance + 0.5 * pow(1.4826 * Distance, 2)
        + 0.5 * pow(1.2533 * arrayAvg(Distances), 2) AS Variance
    FROM middles AS m
),
gathered AS (
    SELECT
        s.ChannelID, s.Day, s.FieldNumber, s.Mode,
        anyIf(s.Level, s.Kind = 1) AS Level, anyIf(s.Variance, s.Kind = 1) AS Variance,
        groupArrayIf(s.OfHour, s.Kind = 2) AS DayHours,
        groupArrayIf(
            (s.Hours, s.Level, s.Variance, s.Hours >= 14 AND s.Level = 0 AND s.Distance = 0), s.Kind = 2
        ) AS OfDay,
        groupArrayIf(s.OfHour, s.Kind = 3) AS WeekHours,
        groupArrayIf((s.Hours, s.Level, s.Variance), s.Kind = 3) AS OfWeek
    FROM spreads AS s
    GROUP BY s.ChannelID, s.Day, s.FieldNumber, s.Mode
),
profiles AS (
    SELECT
        g.ChannelID, g.Day, g.FieldNumber, g.Mode, sqrt(g.Variance) / 20 AS DarkSpread,
        arrayMap(h -> g.OfDay[indexOf(g.DayHours, h)], range(24)) AS D,
        arrayMap(h -> g.OfWeek[indexOf(g.WeekHours, h)], range(24)) AS W,
        arrayMap((d, w) -> (w.1 * w.2 + 3 * (d.1 * d.2 + 3 * g.Level) / (d.1 + 3)) / (w.1 + 3), D, W) AS Levels,
        arrayMap(
            (d, w) -> sqrt((w.1 * w.3 + 3 * (d.1 * d.3 + 3 * g.Variance) / (d.1 + 3)) / (w.1 + 3)), D, W
        ) AS Spreads,
        arrayMap(d -> d.4, D) AS Darks
    FROM gathered AS g
),
-- where the last week lay, and the three before it
weeks AS (
    SELECT
        d.ChannelID, d.Day, d.FieldNumber, groupArrayIf(d.Level, d.After <= 7) AS Near,
        groupArrayIf(d.Level, d.After > 7) AS Before,
        arrayReduce('quantileExactInclusive(0.5)', Near) AS Week,
        arrayReduce('quantileExactInclusive(0.5)', Before) AS Older,
        1.4826 * arrayReduce('quantileExactInclusive(0.5)', arrayMap(x -> abs(x - Older), Before)) AS Spread
    FROM (
        SELECT h.ChannelID, h.Day, h.FieldNumber, h.After, avg(h.Mean) AS Level
        FROM hours AS h
        GROUP BY h.ChannelID, h.Day, h.FieldNumber, h.After
    ) AS d
    GROUP BY d.ChannelID, d.Day, d.FieldNumber
    HAVING length(Near) >= 5 AND length(Before) >= 14
),
-- the values of the days, each with the one before, and what was known before its day: Counts are steps up, steps
-- down, zeros, ones, turns, readings, sines and cosines
given AS (
    SELECT
        r.ChannelID, toDate32(r.CreatedAt) AS Day, toHour(r.CreatedAt) AS Hour, r.CreatedAt, r.Epoch, r.EntryID,
        toUnixTimestamp64Micro(r.CreatedAt) / 1000000 AS At, FieldNumber, toFloat64(assumeNotNull(Given)) AS Amount,
        -- what was said to be wrong teaches nothing, nor does the step back from it
        arrayExists(
            w -> w.1 = r.ChannelID AND w.2 = FieldNumber
            AND toUnixTimestamp64Micro(r.CreatedAt) BETWEEN w.3 AND w.4,
            Wrongs
        ) AS IsOut
    FROM iot.CurrentReadings AS r
    ARRAY JOIN
        [1, 2, 3, 4, 5, 6, 7, 8] AS FieldNumber,
        [r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8] AS Given
    WHERE
        has({ChainChannels:Array(Int64)}, r.ChannelID) AND Given IS NOT NULL
        AND r.CreatedAt >= toDateTime64({FirstDay:Date32}, 6, 'UTC')
        AND r.CreatedAt < toDateTime64({LastDay:Date32} + 1, 6, 'UTC')
        AND (r.ChannelID, toDate32(r.CreatedAt)) IN (SELECT c.ChannelID, c.Day FROM chained AS c)
),
followed AS (
    SELECT
        g.ChannelID, g.Day, g.Hour, g.FieldNumber, g.At, g.Amount, g.IsOut, if(g.IsOut, NULL, g.Amount) AS Told,
        ifNull(lag(toNullable(g.IsOut)) OVER straight, FALSE) AS IsAfterOut, b.LastRunAt,
        ifNull(b.Days, 0) AS DaysBase, b.Least AS LeastBase, b.Greatest AS GreatestBase,
        arrayMap(
            x -> toFloat64(ifNull(x, 0)),
            [b.Ups, b.Downs, b.Zeros, b.Ones, b.Turns, b.Readings, b.Sines, b.Cosines]
        ) AS CountsBase,
        toInt64(row_number() OVER straight) AS Place,
        coalesce(lag(toNullable(g.Amount)) OVER straight, b.LastValue) AS Before,
        coalesce(lag(toNullable(g.At)) OVER straight, b.LastAt) AS BeforeAt,
        lag(toNullable(g.Day)) OVER straight IS DISTINCT FROM g.Day AS IsFirst,
        count() OVER (PARTITION BY g.ChannelID, g.FieldNumber, g.Day) AS OfDay
    FROM given AS g
    LEFT JOIN based AS b ON b.ChannelID = g.ChannelID AND b.FieldNumber = g.FieldNumber
    WINDOW straight AS (PARTITION BY g.ChannelID, g.FieldNumber ORDER BY g.CreatedAt, g.Epoch, g.EntryID)
),
running AS (
    SELECT
        f.*,
        coalesce(
            max(if(f.Before <> f.Amount, toNullable(f.At), NULL)) OVER straight, f.LastRunAt,
            first_value(f.At) OVER straight
        ) AS RunAt,
        f.DaysBase + sum(f.IsFirst) OVER straight - 1 AS DaysBefore,
        arrayMap(
            (x, y) -> x + y, f.CountsBase,
            arrayResize(
                sumForEach(
                    [
                        toFloat64(ifNull(f.Told > f.Before, FALSE)), toFloat64(ifNull(f.Told < f.Before, FALSE)),
                        toFloat64(ifNull(f.Told = 0, FALSE)), toFloat64(ifNull(f.Told = 1, FALSE)),
                        toFloat64(ifNull(abs(f.Told - f.Before) > 180, FALSE)), toFloat64(f.Told IS NOT NULL),
                        ifNull(sin(radians(f.Told)), 0), ifNull(cos(radians(f.Told)), 0)
                    ]
                ) OVER earlier,
                8
            )
        ) AS CountsBefore,
        least(f.LeastBase, min(f.Told) OVER earlier) AS LeastBefore,
        greatest(f.GreatestBase, max(f.Told) OVER earlier) AS GreatestBefore
    FROM followed AS f
    WINDOW
        straight AS (PARTITION BY f.ChannelID, f.FieldNumber ORDER BY f.Place),
        earlier AS (
            PARTITION BY f.ChannelID, f.FieldNumber ORDER BY f.Place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
),
valued AS (
    SELECT
        r.*,
        if(r.Before <> r.Amount AND NOT r.IsAfterOut, r.BeforeAt - coalesce(lag(toNullable(r.RunAt)) OVER straight, r.LastRunAt), NULL)
            AS StayedFor,
        -- the value before, where it is not much older than usual
        if(r.At - r.BeforeAt <= 259200 / r.OfDay AND NOT r.IsAfterOut, r.Before, NULL) AS Near,
        first_value(r.CountsBefore) OVER of_day AS Counts, first_value(r.LeastBefore) OVER of_day AS Least,
        first_value(r.GreatestBefore) OVER of_day AS Greatest, r.DaysBefore AS Days,
        Counts[1] AS Ups, Counts[2] AS Downs, Counts[3] AS Zeros, Counts[4] AS Ones, Counts[5] AS Turns,
        Counts[6] AS Readings,
        -- include nature_of
        AS Nature
    FROM running AS r
    WINDOW
        straight AS (PARTITION BY r.ChannelID, r.FieldNumber ORDER BY r.Place),
        of_day AS (
            PARTITION BY r.ChannelID, r.FieldNumber, r.Day ORDER BY r.Place
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
),
-- how far each value was, and how much the last twenty-four leant to one side; places below 0 are of before
measured AS (
    SELECT
        v.ChannelID, v.FieldNumber, v.Day, v.Place, v.At, v.Amount, v.Told, v.Before, v.Near, v.BeforeAt, v.StayedFor,
        v.RunAt, v.OfDay,
        multiIf(
            v.Nature = 5, degrees(atan2(v.Counts[7], v.Counts[8])) + if(v.Counts[7] < 0, 360, 0),
            v.Nature = 4 AND p.IsDark, 0,
            p.Level
        ) AS Centre,
        multiIf(
            v.Nature = 5,
            degrees(sqrt(-2 * log(greatest(0.001, least(
                0.9999, sqrt(v.Counts[7] * v.Counts[7] + v.Counts[8] * v.Counts[8]) / v.Counts[6]
            ))))),
            v.Nature = 4 AND p.IsDark, p.DarkSpread,
            p.Spread
        ) AS Width,
        (
            multiIf(
                v.Nature = 1, if(v.Told >= v.Near, v.Told - v.Near, NULL),
                v.Nature = 5 AND v.Told >= 0 AND v.Told <= 360, v.Told - 360 * floor((v.Told - Centre + 180) / 360),
                v.Told
            )
            - if(p.Level IS NULL, NULL, Centre)
        ) / greatest(Width, 1e-9) AS Deviation
    FROM valued AS v
    LEFT JOIN (
        SELECT
            l.ChannelID, l.Day, l.FieldNumber, l.Mode, Hour, toNullable(Level) AS Level, Spread, IsDark, l.DarkSpread
        FROM (
            SELECT p.ChannelID, p.Day, p.FieldNumber, p.Mode, p.Levels, p.Spreads, p.Darks, p.DarkSpread
            FROM profiles AS p
            UNION ALL
            SELECT
                b.ChannelID, b.Day, b.FieldNumber, toUInt8(b.Nature = 1), b.Levels, b.Spreads,
                arrayMap(x -> 0, b.Levels), 0
            FROM based AS b
        ) AS l
        ARRAY JOIN l.Levels AS Level, l.Spreads AS Spread, l.Darks AS IsDark, arrayEnumerate(l.Levels) AS Hour
    ) AS p
        ON p.ChannelID = v.ChannelID AND p.Day = v.Day AND p.FieldNumber = v.FieldNumber
        AND p.Mode = (v.Nature = 1) AND p.Hour = v.Hour + 1
    UNION ALL
    SELECT
        b.ChannelID, b.FieldNumber, b.Day, toInt64(Number) - 24, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, Deviation
    FROM based AS b
    ARRAY JOIN b.Last AS Deviation, arrayEnumerate(b.Last) AS Number
    WHERE NOT isNaN(Deviation)
),
leant AS (
    SELECT
        m.*,
        if(m.Deviation IS NULL, 64, least(63, floor(round(4 * log2(1 + abs(m.Deviation)), 9)))) AS FarBin,
        abs(avg(if(abs(m.Deviation) > 6, 6 * sign(m.Deviation), m.Deviation)) OVER (
            PARTITION BY m.ChannelID, m.FieldNumber ORDER BY m.Place ROWS BETWEEN 23 PRECEDING AND CURRENT ROW
        )) AS Leaning,
        if(m.Deviation IS NULL, 64, least(63, floor(round(4 * log2(1 + Leaning), 9)))) AS LeanBin
    FROM measured AS m
),
days AS (
    SELECT
        l.ChannelID, l.FieldNumber, l.Day,
        min(l.Told) AS Least, max(l.Told) AS Greatest, toNullable(count(l.Told)) AS Readings,
        countIf(l.Told > l.Before) AS Ups, countIf(l.Told < l.Before) AS Downs,
        max(l.StayedFor) AS LongestRun, maxOrNullIf(l.StayedFor, l.Before <> 0) AS LongestOther,
        maxOrNullIf(l.Told - l.Near, l.Told >= l.Near) AS GreatestRise, max(abs(l.Told - l.Near)) AS Step,
        countIf(l.Told = 0) AS Zeros, countIf(l.Told = 1) AS Ones, countIf(abs(l.Told - l.Before) > 180) AS Turns,
        sum(sin(radians(l.Told))) AS Sines, sum(cos(radians(l.Told))) AS Cosines,
        countIf(l.At - l.BeforeAt > greatest(3600, 20 * 86400 / l.OfDay)) AS Silences,
        toNullable(argMax(l.Amount, l.Place)) AS LastValue, toNullable(max(l.At)) AS LastAt,
        toNullable(argMax(l.RunAt, l.Place)) AS LastRunAt,
        countResample(0, 64, 1)(toUInt8(assumeNotNull(l.FarBin))) AS Far,
        countResample(0, 64, 1)(toUInt8(assumeNotNull(l.LeanBin))) AS Lean,
        arrayMap(
            t -> t.2, arraySlice(arraySort(t -> t.1, groupArray((l.Place, ifNull(l.Deviation, nan)))), -23)
        ) AS Last
    FROM leant AS l
    WHERE l.Place > 0
    GROUP BY l.ChannelID, l.FieldNumber, l.Day
),
-- what is known before each day, of the fields of which anything is
known AS (
    SELECT
        c.ChannelID, c.Day, c.IsNew, c.FieldNumber,
        count(d.Readings) OVER (PARTITION BY c.ChannelID, c.FieldNumber) > 0 AS IsThere,
        min(d.Least) OVER earlier AS Least, max(d.Greatest) OVER earlier AS Greatest,
        count(d.Readings) OVER earlier AS Days, ifNull(sum(d.Readings) OVER earlier, 0) AS Readings,
        ifNull(sum(d.Ups) OVER earlier, 0) AS Ups, ifNull(sum(d.Downs) OVER earlier, 0) AS Downs,
        max(d.LongestRun) OVER earlier AS LongestRun, max(d.LongestOther) OVER earlier AS LongestOther,
        max(d.GreatestRise) OVER earlier AS GreatestRise, groupArray(d.Step) OVER earlier AS Steps,
        ifNull(sum(d.Zeros) OVER earlier, 0) AS Zeros, ifNull(sum(d.Ones) OVER earlier, 0) AS Ones,
        ifNull(sum(d.Turns) OVER earlier, 0) AS Turns, ifNull(sum(d.Sines) OVER earlier, 0) AS Sines,
        ifNull(sum(d.Cosines) OVER earlier, 0) AS Cosines,
        ifNull(sum(d.Silences) OVER earlier, 0) AS Silences,
        anyLast(d.LastValue) OVER earlier AS LastValue, anyLast(d.LastAt) OVER earlier AS LastAt,
        anyLast(d.LastRunAt) OVER earlier AS LastRunAt,
        sumForEach(d.Far) OVER earlier AS Far, sumForEach(d.Lean) OVER earlier AS Lean,
        groupArrayArray(d.Last) OVER earlier AS Last
    FROM (SELECT n.ChannelID, n.Day, n.IsNew, arrayJoin(range(1, 9)) AS FieldNumber FROM chained AS n) AS c
    LEFT JOIN days AS d ON d.ChannelID = c.ChannelID AND d.Day = c.Day AND d.FieldNumber = c.FieldNumber
    WINDOW earlier AS (
        PARTITION BY c.ChannelID, c.FieldNumber ORDER BY c.Day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
stated AS (
    SELECT
        k.ChannelID AS ChannelID, k.Day AS Day, k.FieldNumber AS FieldNumber,
        arrayMap((x, y) -> x + y, arrayResize(k.Far, 64), arrayResize(b.Far, 64)) AS Far,
        arrayMap((x, y) -> x + y, arrayResize(k.Lean, 64), arrayResize(b.Lean, 64)) AS Lean,
        arraySlice(arrayConcat(b.Last, k.Last), -23) AS Last,
        least(b.Least, k.Least) AS Least, greatest(b.Greatest, k.Greatest) AS Greatest,
        ifNull(b.Days, 0) + k.Days AS Days, ifNull(b.Readings, 0) + k.Readings AS Readings,
        ifNull(b.Ups, 0) + k.Ups AS Ups, ifNull(b.Downs, 0) + k.Downs AS Downs,
        greatest(b.LongestRun, k.LongestRun) AS LongestRun, ifNull(b.Silences, 0) + k.Silences AS Silences,
        coalesce(k.LastValue, b.LastValue) AS LastValue, coalesce(k.LastAt, b.LastAt) AS LastAt,
        coalesce(k.LastRunAt, b.LastRunAt) AS LastRunAt,
        greatest(b.GreatestRise, k.GreatestRise) AS GreatestRise,
        greatest(b.LongestOther, k.LongestOther) AS LongestOther,
        arraySlice(arrayReverseSort(arrayConcat(b.Steps, k.Steps)), 1, 4) AS Steps,
        ifNull(b.Zeros, 0) + k.Zeros AS Zeros, ifNull(b.Ones, 0) + k.Ones AS Ones,
        ifNull(b.Turns, 0) + k.Turns AS Turns, ifNull(b.Sines, 0) + k.Sines AS Sines,
        ifNull(b.Cosines, 0) + k.Cosines AS Cosines,
        -- include nature_of
        AS Nature
    FROM known AS k
    LEFT JOIN based AS b ON b.ChannelID = k.ChannelID AND b.FieldNumber = k.FieldNumber
    WHERE k.IsNew AND (k.IsThere OR b.ChannelID IS NOT NULL)
)
SELECT
    s.ChannelID, s.Day, s.FieldNumber,
    multiIf(
        s.Nature = 5,
        arrayMap(x -> degrees(atan2(s.Sines, s.Cosines)) + if(s.Sines < 0, 360, 0), p.Levels),
        s.Nature = 4, arrayMap((x, d) -> if(d, 0, x), p.Levels, p.Darks),
        p.Levels
    ),
    multiIf(
        s.Nature = 5,
        arrayMap(
            x -> degrees(sqrt(-2 * log(greatest(0.001, least(
                0.9999, sqrt(s.Sines * s.Sines + s.Cosines * s.Cosines) / s.Readings
            ))))),
            p.Levels
        ),
        s.Nature = 4, arrayMap((x, d) -> if(d, p.DarkSpread, x), p.Spreads, p.Darks),
        p.Spreads
    ),
    s.Far, s.Lean, s.Last, s.Least, s.Greatest, s.Days, s.Readings, s.Ups, s.Downs, s.LongestRun, s.LongestOther,
    s.Silences, s.LastValue, s.LastAt, s.LastRunAt, s.Nature, s.GreatestRise, s.Zeros, s.Ones, s.Turns, s.Steps, s.Sines,
    s.Cosines, if(s.Nature = 0, w.Week, NULL), if(s.Nature = 0, w.Older, NULL), if(s.Nature = 0, w.Spread, NULL),
    -- from where to where what was found was said to be right, by family; NaN where nothing was said
    arrayMap(
        k -> ifNull(arrayReduce('minOrNull', arrayMap(
            r -> r.5,
            arrayFilter(
                r -> r.1 = s.ChannelID AND r.2 IN (0, s.FieldNumber) AND r.3 < s.Day AND r.4 = k, Rights
            )
        )), nan),
        range(1, 5)
    ),
    arrayMap(
        k -> ifNull(arrayReduce('maxOrNull', arrayMap(
            r -> r.6,
            arrayFilter(
                r -> r.1 = s.ChannelID AND r.2 IN (0, s.FieldNumber) AND r.3 < s.Day AND r.4 = k, Rights
            )
        )), nan),
        range(1, 5)
    ),
    {Version:UInt64}
FROM stated AS s
LEFT JOIN profiles AS p
    ON p.ChannelID = s.ChannelID AND p.Day = s.Day AND p.FieldNumber = s.FieldNumber AND p.Mode = (s.Nature = 1)
LEFT JOIN weeks AS w ON w.ChannelID = s.ChannelID AND w.Day = s.Day AND w.FieldNumber = s.FieldNumber;
