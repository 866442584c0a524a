-- INSERT: the models of the new days of chained(ChannelID, Day, IsNew). Each is made of what was known at the day that
-- is not new, the newest judged so far, and of that day and those between. Each CTE but based is named once or twice:
-- the engine computes it as often.
INSERT INTO iot.Models (
    ChannelID, Day, FieldNumber, Levels, Spreads, Far, Lean, Last, Least, Greatest, Days, Readings, Ups, Downs,
    LongestRun, Silences, LastValue, LastAt, LastRunAt, IsCounter, GreatestRise, Version
)
WITH
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
-- (Kind 3) shrink towards hours of the day (2), these towards all hours (1), the more the fewer they are
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
        m.Variance + 0.5 * pow(1.4826 * arrayReduce('quantileExactInclusive(0.5)', Distances), 2)
        + 0.5 * pow(1.2533 * arrayAvg(Distances), 2) AS Variance
    FROM middles AS m
),
gathered AS (
    SELECT
        s.ChannelID, s.Day, s.FieldNumber, s.Mode,
        anyIf(s.Level, s.Kind = 1) AS Level, anyIf(s.Variance, s.Kind = 1) AS Variance,
        groupArrayIf(s.OfHour, s.Kind = 2) AS DayHours,
        groupArrayIf((s.Hours, s.Level, s.Variance), s.Kind = 2) AS OfDay,
        groupArrayIf(s.OfHour, s.Kind = 3) AS WeekHours,
        groupArrayIf((s.Hours, s.Level, s.Variance), s.Kind = 3) AS OfWeek
    FROM spreads AS s
    GROUP BY s.ChannelID, s.Day, s.FieldNumber, s.Mode
),
profiles AS (
    SELECT
        g.ChannelID, g.Day, g.FieldNumber, g.Mode,
        arrayMap(h -> g.OfDay[indexOf(g.DayHours, h)], range(24)) AS D,
        arrayMap(h -> g.OfWeek[indexOf(g.WeekHours, h)], range(24)) AS W,
        arrayMap((d, w) -> (w.1 * w.2 + 3 * (d.1 * d.2 + 3 * g.Level) / (d.1 + 3)) / (w.1 + 3), D, W) AS Levels,
        arrayMap(
            (d, w) -> sqrt((w.1 * w.3 + 3 * (d.1 * d.3 + 3 * g.Variance) / (d.1 + 3)) / (w.1 + 3)), D, W
        ) AS Spreads
    FROM gathered AS g
),
-- the values of the days, each with the one before, and what was known before its day of steps up and down
given AS (
    SELECT
        r.ChannelID, toDate32(r.CreatedAt) AS Day, toHour(r.CreatedAt) AS Hour, r.CreatedAt, r.Epoch, r.EntryID,
        toUnixTimestamp64Micro(r.CreatedAt) / 1000000 AS At, FieldNumber, toFloat64(assumeNotNull(Given)) AS Amount
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
        g.ChannelID, g.Day, g.Hour, g.FieldNumber, g.At, g.Amount, b.LastRunAt,
        ifNull(b.Days, 0) AS DaysBase, ifNull(b.Ups, 0) AS UpsBase, ifNull(b.Downs, 0) AS DownsBase,
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
        f.UpsBase + countIf(f.Amount > f.Before) OVER straight AS UpsWith,
        f.DownsBase + countIf(f.Amount < f.Before) OVER straight AS DownsWith
    FROM followed AS f
    WINDOW straight AS (PARTITION BY f.ChannelID, f.FieldNumber ORDER BY f.Place)
),
valued AS (
    SELECT
        r.*,
        if(r.Before <> r.Amount, r.BeforeAt - coalesce(lag(toNullable(r.RunAt)) OVER straight, r.LastRunAt), NULL)
            AS StayedFor,
        min(r.UpsWith - ifNull(r.Amount > r.Before, FALSE)) OVER of_day AS Ups,
        min(r.DownsWith - ifNull(r.Amount < r.Before, FALSE)) OVER of_day AS Downs,
        r.DaysBefore >= 2 AND Ups >= 50 AND 50 * Downs <= Ups AS IsCounter
    FROM running AS r
    WINDOW
        straight AS (PARTITION BY r.ChannelID, r.FieldNumber ORDER BY r.Place),
        of_day AS (PARTITION BY r.ChannelID, r.FieldNumber, r.Day)
),
-- how far each value was, and how much the last twenty-four leant to one side; places below 0 are of before
measured AS (
    SELECT
        v.ChannelID, v.FieldNumber, v.Day, v.Place, v.At, v.Amount, v.Before, v.BeforeAt, v.StayedFor, v.RunAt, v.OfDay,
        (
            multiIf(NOT v.IsCounter, toNullable(v.Amount), v.Amount >= v.Before, v.Amount - v.Before, NULL)
            - p.Level
        ) / greatest(p.Spread, 1e-9) AS Deviation
    FROM valued AS v
    LEFT JOIN (
        SELECT l.ChannelID, l.Day, l.FieldNumber, l.Mode, Hour, Level, Spread
        FROM (
            SELECT p.ChannelID, p.Day, p.FieldNumber, p.Mode, p.Levels, p.Spreads FROM profiles AS p
            UNION ALL
            SELECT b.ChannelID, b.Day, b.FieldNumber, toUInt8(b.IsCounter), b.Levels, b.Spreads FROM based AS b
        ) AS l
        ARRAY JOIN l.Levels AS Level, l.Spreads AS Spread, arrayEnumerate(l.Levels) AS Hour
    ) AS p
        ON p.ChannelID = v.ChannelID AND p.Day = v.Day AND p.FieldNumber = v.FieldNumber AND p.Mode = v.IsCounter
        AND p.Hour = v.Hour + 1
    UNION ALL
    SELECT
        b.ChannelID, b.FieldNumber, b.Day, toInt64(Number) - 24, 0, 0, NULL, NULL, NULL, 0, 0, Deviation
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
        toNullable(min(l.Amount)) AS Least, toNullable(max(l.Amount)) AS Greatest, toNullable(count()) AS Readings,
        countIf(l.Amount > l.Before) AS Ups, countIf(l.Amount < l.Before) AS Downs,
        max(l.StayedFor) AS LongestRun, maxOrNullIf(l.Amount - l.Before, l.Amount >= l.Before) AS GreatestRise,
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
        max(d.LongestRun) OVER earlier AS LongestRun, max(d.GreatestRise) OVER earlier AS GreatestRise,
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
        coalesce(k.LastRunAt, b.LastRunAt) AS LastRunAt, Days >= 2 AND Ups >= 50 AND 50 * Downs <= Ups AS IsCounter,
        greatest(b.GreatestRise, k.GreatestRise) AS GreatestRise
    FROM known AS k
    LEFT JOIN based AS b ON b.ChannelID = k.ChannelID AND b.FieldNumber = k.FieldNumber
    WHERE k.IsNew AND (k.IsThere OR b.ChannelID IS NOT NULL)
)
SELECT
    s.ChannelID, s.Day, s.FieldNumber, p.Levels, p.Spreads, s.Far, s.Lean, s.Last, s.Least, s.Greatest, s.Days,
    s.Readings, s.Ups, s.Downs, s.LongestRun, s.Silences, s.LastValue, s.LastAt, s.LastRunAt, s.IsCounter,
    s.GreatestRise, {Version:UInt64}
FROM stated AS s
LEFT JOIN profiles AS p
    ON p.ChannelID = s.ChannelID AND p.Day = s.Day AND p.FieldNumber = s.FieldNumber AND p.Mode = s.IsCounter;
