-- INSERT: what is found in the days judged(ChannelID, Day, ModelDay) by their models. What came just before a day only
-- its own model knows.
INSERT INTO iot.Findings (ChannelID, Day, Spells, Version)
WITH
judged AS (
    SELECT z.1 AS ChannelID, z.2 AS Day, z.3 AS ModelDay
    FROM (
        SELECT arrayJoin(arrayZip(
            {JudgedChannels:Array(Int64)}, {JudgedDays:Array(Date32)}, {ModelDays:Array(Nullable(Date32))}
        )) AS z
    )
),
models AS (
    SELECT j.JudgedDay, m.Day = j.JudgedDay AS IsOwn, m.*
    FROM iot.FieldModels AS m
    JOIN (SELECT d.ChannelID AS JudgedChannel, d.Day AS JudgedDay, d.ModelDay FROM judged AS d) AS j
        ON j.JudgedChannel = m.ChannelID AND j.ModelDay = m.Day
),
known AS (
    SELECT
        m.ChannelID, m.JudgedDay AS Day, m.FieldNumber, m.Least, m.Greatest, toNullable(m.Days) AS Days, m.Readings,
        m.LongestRun, m.LongestOther, m.Silences, m.Downs, m.Zeros, if(m.IsOwn, m.LastValue, NULL) AS LastValue,
        if(m.IsOwn, toInt64(round(m.LastAt * 1000000)), NULL) AS LastAt,
        if(m.IsOwn, toInt64(round(m.LastRunAt * 1000000)), NULL) AS LastRunAt,
        if(m.Nature = 1, 0, m.Least) AS Floor, if(m.Nature = 1, m.GreatestRise, m.Greatest) AS Ceiling,
        toNullable(m.Nature) AS Nature, if(length(m.Steps) < 4, NULL, m.Steps[4]) AS UsualStep,
        if(m.IsOwn, m.Week, NULL) AS Week, m.Older, m.OlderSpread,
        m.RightLows, m.RightHighs, nullIf(arraySum(m.Far), 0) AS Total
    FROM models AS m
),
profiles AS (
    SELECT m.ChannelID, m.JudgedDay AS Day, m.FieldNumber, Hour, Level, Spread
    FROM models AS m
    ARRAY JOIN m.Levels AS Level, m.Spreads AS Spread, arrayEnumerate(m.Levels) AS Hour
),
tails AS (
    SELECT m.ChannelID, m.JudgedDay AS Day, m.FieldNumber, toFloat64(Number) - 1 AS Bin, FarOrMore, LeanOrMore
    FROM models AS m
    ARRAY JOIN
        arrayReverse(arrayCumSum(arrayReverse(m.Far))) AS FarOrMore,
        arrayReverse(arrayCumSum(arrayReverse(m.Lean))) AS LeanOrMore, arrayEnumerate(m.Far) AS Number
),
rows AS (
    SELECT
        r.*, toDate32(r.CreatedAt) AS Day, toUnixTimestamp64Micro(r.CreatedAt) AS At,
        lag(toNullable(At)) OVER (PARTITION BY r.ChannelID, Day ORDER BY r.CreatedAt) AS RowBeforeAt
    FROM iot.CurrentReadings AS r
    WHERE
        has({JudgedChannels:Array(Int64)}, r.ChannelID)
        AND r.CreatedAt >= toDateTime64({FirstDay:Date32}, 6, 'UTC')
        AND r.CreatedAt < toDateTime64({LastDay:Date32} + 1, 6, 'UTC')
        AND (r.ChannelID, toDate32(r.CreatedAt)) IN (SELECT j.ChannelID, j.Day FROM judged AS j)
),
given AS (
    SELECT
        r.ChannelID, r.Day, toHour(r.CreatedAt) AS Hour, r.At, r.Epoch, r.EntryID, r.RowBeforeAt, FieldNumber,
        toFloat64(assumeNotNull(Given)) AS Amount
    FROM rows AS r
    ARRAY JOIN
        [1, 2, 3, 4, 5, 6, 7, 8] AS FieldNumber,
        [r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8] AS Given
    WHERE Given IS NOT NULL
),
followed AS (
    SELECT
        g.*, k.Least, k.Greatest, k.Days, k.Readings, k.LongestRun, k.LongestOther, k.Silences, k.Downs, k.Zeros,
        k.LastRunAt, k.Floor, k.Ceiling, k.Nature, k.UsualStep, k.Week, k.Older, k.OlderSpread, k.RightLows,
        k.RightHighs, k.Total, toInt64(row_number() OVER straight) AS Place,
        coalesce(lag(toNullable(g.Amount)) OVER straight, k.LastValue) AS Before,
        coalesce(lag(toNullable(g.At)) OVER straight, k.LastAt) AS BeforeAt,
        86400 * k.Days / k.Readings AS Usual, (g.At - BeforeAt) / 1000000 AS SilentFor,
        -- the value before, where it is not much older than usual
        if(SilentFor <= 3 * Usual, Before, NULL) AS Near
    FROM given AS g
    JOIN known AS k ON k.ChannelID = g.ChannelID AND k.Day = g.Day AND k.FieldNumber = g.FieldNumber
    WINDOW straight AS (
        PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.At, g.Epoch, g.EntryID
    )
),
measured AS (
    SELECT
        f.ChannelID, f.Day, f.FieldNumber, f.At, f.Amount, f.RowBeforeAt, f.Least, f.Greatest, f.Days, f.Readings,
        f.LongestRun, f.LongestOther, f.Silences, f.Downs, f.Zeros, f.LastRunAt, f.Floor, f.Ceiling, f.Nature,
        f.UsualStep, f.Week, f.Older, f.OlderSpread, f.RightLows, f.RightHighs, f.Total, f.Place, f.Before, f.BeforeAt, f.Near, f.Usual,
        f.SilentFor, p.Level, p.Spread,
        multiIf(
            f.Nature = 1, if(f.Amount >= f.Near, f.Amount - f.Near, NULL),
            f.Nature = 5 AND f.Amount >= 0 AND f.Amount <= 360,
            f.Amount - 360 * floor((f.Amount - p.Level + 180) / 360),
            toNullable(f.Amount)
        ) AS Judged,
        (Judged - p.Level) / greatest(p.Spread, 1e-9) AS Deviation
    FROM followed AS f
    LEFT JOIN profiles AS p
        ON p.ChannelID = f.ChannelID AND p.Day = f.Day AND p.FieldNumber = f.FieldNumber AND p.Hour = f.Hour + 1
    UNION ALL
    SELECT
        m.ChannelID, m.JudgedDay, m.FieldNumber, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, [], [], NULL, toInt64(Number) - 24, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        Deviation
    FROM models AS m
    ARRAY JOIN m.Last AS Deviation, arrayEnumerate(m.Last) AS Number
    WHERE m.IsOwn AND NOT isNaN(Deviation)
),
leant AS (
    SELECT
        m.*,
        coalesce(
            max(if(m.Before <> m.Amount, toNullable(m.At), NULL)) OVER (
                PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place
            ),
            m.LastRunAt
        ) AS RunAt,
        abs(avg(if(abs(m.Deviation) > 6, 6 * sign(m.Deviation), m.Deviation)) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place
            ROWS BETWEEN 23 PRECEDING AND CURRENT ROW
        )) AS Leaning,
        least(63, floor(round(4 * log2(1 + abs(m.Deviation)), 9))) AS FarBin,
        least(63, floor(round(4 * log2(1 + Leaning), 9))) AS LeanBin
    FROM measured AS m
),
weighed AS (
    SELECT
        l.ChannelID AS ChannelID, l.Day AS Day, l.FieldNumber AS FieldNumber, l.At AS At, l.Amount AS Amount,
        l.RowBeforeAt AS RowBeforeAt, l.BeforeAt AS BeforeAt, l.Before AS Before, l.RunAt AS RunAt, l.Least AS Least,
        l.Greatest AS Greatest, l.Days AS Days, l.Silences AS Silences, l.Downs AS Downs, l.Floor AS Floor,
        l.Ceiling AS Ceiling, l.Nature AS Nature, l.UsualStep AS UsualStep, l.Week AS Week, l.Older AS Older,
        l.OlderSpread AS OlderSpread,
        -- whether a value lies where people said that such is right, or a twentieth of that span beside it
        arrayMap(
            (x, low, high) -> ifNull(
                x >= low - 0.05 * (high - low) AND x <= high + 0.05 * (high - low), FALSE
            ),
            [if(IsOdd, l.Judged, toNullable(l.Amount)), l.SilentFor, toNullable(l.Amount), l.Week],
            arrayResize(l.RightLows, 4, nan), arrayResize(l.RightHighs, 4, nan)
        ) AS IsRight,
        l.Judged AS Judged, l.Level AS Level, l.Spread AS Spread,
        l.Deviation AS Deviation, l.Usual AS Usual, l.SilentFor AS SilentFor,
        if(
            l.Deviation IS NULL, NULL,
            round(
                -log10((ifNull(a.FarOrMore, 0) + 1) / (l.Total + 1))
                - log10((ifNull(b.LeanOrMore, 0) + 1) / (l.Total + 1)),
                9
            )
        ) AS Rareness,
        round(4.6 + greatest(0, log10(300 / l.Usual)), 9) + if(l.Nature = 2, 1, 0) AS Threshold,
        l.Ceiling - l.Floor AS Known, l.Readings - l.Zeros AS Others,
        if(l.Nature = 5, toNullable(l.Amount), l.Judged) AS Bounded,
        ifNull(multiIf(Bounded < l.Floor, l.Floor - Bounded, Bounded > l.Ceiling, Bounded - l.Ceiling, 0), 0) AS Off,
        -- outside of all that was known by a quarter of its range, or by a twentieth where that is five spreads off its
        -- level; a switch by half; by all of it a counter's rise, and what is sparse, when twenty other than zero are
        -- known; in a light's dark hours six spreads off
        ifNull(
            multiIf(
                l.Nature = 1, Off > Known,
                l.Nature = 2, Off > Known AND Others >= 20,
                l.Nature = 3, Off > 0.5 * Known,
                Off > 0.25 * Known OR (Off > 0.05 * Known AND ifNull(abs(l.Deviation) >= 5, FALSE))
            ),
            FALSE
        )
        OR ifNull(l.Nature = 4 AND l.Level = 0 AND l.Deviation >= 6, FALSE) AS IsBeyond,
        -- a step twice as great as those of all days but three; three times where most are zero, when a hundred others
        -- are known
        ifNull(
            multiIf(
                l.Nature IN (1, 3, 5), FALSE,
                l.Nature = 2, abs(l.Amount - l.Near) > 3 * l.UsualStep AND Others >= 100,
                abs(l.Amount - l.Near) > 2 * l.UsualStep
            ),
            FALSE
        ) AS IsJump,
        IsBeyond OR (l.Nature <> 3 AND ifNull(Rareness >= Threshold AND abs(l.Deviation) >= 4, FALSE)) AS IsOdd,
        if(l.Amount = 0, l.LongestRun, l.LongestOther) AS Longest, (l.At - l.RunAt) / 1000000 AS StayedFor
    FROM leant AS l
    LEFT JOIN tails AS a
        ON a.ChannelID = l.ChannelID AND a.Day = l.Day AND a.FieldNumber = l.FieldNumber AND a.Bin = l.FarBin
    LEFT JOIN tails AS b
        ON b.ChannelID = l.ChannelID AND b.Day = l.Day AND b.FieldNumber = l.FieldNumber AND b.Bin = l.LeanBin
    WHERE l.Place > 0 AND l.Days > 0
),
hits AS (
    SELECT
        w.ChannelID, w.Day, w.At, w.Days, hit.1 AS Family, hit.2 AS FieldNumber, assumeNotNull(hit.3) AS Since,
        hit.4 AS Value, hit.5 AS Level, hit.6 AS Spread, hit.7 AS IsAbove, hit.8 AS IsBeyond, hit.9 AS IsJump,
        assumeNotNull(hit.10) AS Score, hit.11 AS Least, hit.12 AS Greatest
    FROM weighed AS w
    ARRAY JOIN arrayFilter(x -> ifNull(x.13, FALSE), [
        (
            'VALUE', w.FieldNumber, toNullable(w.At), if(w.IsOdd, w.Judged, w.Amount), if(w.IsOdd, w.Level, w.Before),
            if(w.IsOdd, w.Spread, w.UsualStep),
            w.IsOdd AND coalesce(w.Deviation > 0, w.Judged > w.Ceiling, FALSE), w.IsBeyond, NOT w.IsOdd,
            toNullable(greatest(ifNull(w.Rareness, 0), w.Threshold)), w.Floor, w.Ceiling,
            (w.IsOdd OR w.IsJump) AND NOT w.IsRight[1]
        ),
        -- the same for twice as long as ever, and three hours; what rests at zero may do so longer, and rain for ever
        (
            'STUCK', w.FieldNumber, w.RunAt, w.Amount, w.Longest, NULL, FALSE, FALSE, FALSE,
            w.StayedFor / greatest(w.Longest, 3600), w.Least, w.Greatest,
            w.Longest IS NOT NULL AND w.StayedFor > greatest(2 * w.Longest, 10800)
            AND NOT (w.Nature = 2 AND w.Amount = 0)
        ),
        -- no value for an hour, and twenty times as long as usual, which was not so once a week; of all fields: field 0
        (
            'SILENCE', if(ifNull(w.RowBeforeAt = w.BeforeAt, TRUE), 0, w.FieldNumber), w.BeforeAt, NULL, w.Usual, NULL,
            FALSE, FALSE, FALSE, w.SilentFor / w.Usual, NULL, NULL,
            w.SilentFor > greatest(3600, 20 * w.Usual) AND 7 * w.Silences <= w.Days AND NOT w.IsRight[2]
        ),
        -- a counter that falls, which it did not once a week
        (
            'FALL', w.FieldNumber, toNullable(w.At), w.Amount, w.Before, NULL, FALSE, FALSE, FALSE,
            w.Days / (w.Downs + 1), w.Least, w.Greatest,
            w.Nature = 1 AND w.Amount < w.Before AND 7 * w.Downs <= w.Days AND NOT w.IsRight[3]
        ),
        -- a week that lies three spreads off the three before it, and half a usual greatest step
        (
            'DRIFT', w.FieldNumber, toNullable(w.At), w.Week, w.Older, w.OlderSpread, ifNull(w.Week > w.Older, FALSE),
            FALSE, FALSE, abs(w.Week - w.Older) / w.OlderSpread, w.Least, w.Greatest,
            w.OlderSpread > 0 AND abs(w.Week - w.Older) > greatest(3 * w.OlderSpread, 0.5 * ifNull(w.UsualStep, 0))
            AND NOT w.IsRight[4]
        )
    ]) AS hit
),
parted AS (
    SELECT
        h.*,
        h.Since - lag(toNullable(h.At)) OVER (
            PARTITION BY h.ChannelID, h.FieldNumber, h.Family, h.Day ORDER BY h.At
        ) > 21600000000 AS IsApart
    FROM hits AS h
),
opened AS (
    SELECT
        p.*,
        countIf(p.IsApart) OVER (PARTITION BY p.ChannelID, p.FieldNumber, p.Family, p.Day ORDER BY p.At) AS Spell
    FROM parted AS p
),
spells AS (
    SELECT
        o.ChannelID, o.Day, o.FieldNumber, o.Family, o.Spell,
        argMax((o.At, o.Value, o.Level, o.Spread), (NOT o.IsJump, o.Score, -o.At)) AS Peak,
        (
            o.FieldNumber, o.Family, fromUnixTimestamp64Micro(min(o.Since), 'UTC'),
            fromUnixTimestamp64Micro(max(o.At), 'UTC'), count(), countIf(o.IsAbove), countIf(o.IsBeyond), countIf(o.IsJump),
            max(o.Score),
            fromUnixTimestamp64Micro(Peak.1, 'UTC'),
            -- as a float the largest numbers are more than their column holds
            toDecimal64OrNull(
                toString(round(if(abs(Peak.2) < 999999999999.5, Peak.2, sign(Peak.2) * 999999999999.5), 6)), 6
            ), Peak.3, Peak.4,
            any(o.Least), any(o.Greatest), max(o.Days)
        ) AS Told
    FROM opened AS o
    GROUP BY o.ChannelID, o.Day, o.FieldNumber, o.Family, o.Spell
)
SELECT j.ChannelID, j.Day, groupArrayIf(s.Told, s.Family IS NOT NULL), {Version:UInt64}
FROM judged AS j
LEFT JOIN spells AS s ON s.ChannelID = j.ChannelID AND s.Day = j.Day
GROUP BY j.ChannelID, j.Day;
