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
        m.LongestRun, m.Silences, if(m.IsOwn, m.LastValue, NULL) AS LastValue,
        if(m.IsOwn, toInt64(round(m.LastAt * 1000000)), NULL) AS LastAt,
        if(m.IsOwn, toInt64(round(m.LastRunAt * 1000000)), NULL) AS LastRunAt,
        if(m.IsCounter, 0, m.Least) AS Floor, if(m.IsCounter, m.GreatestRise, m.Greatest) AS Ceiling,
        toNullable(m.IsCounter) AS IsCounter, nullIf(arraySum(m.Far), 0) AS Total
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
        g.*, k.Least, k.Greatest, k.Days, k.Readings, k.LongestRun, k.Silences, k.LastRunAt, k.Floor, k.Ceiling,
        k.IsCounter, k.Total, toInt64(row_number() OVER straight) AS Place,
        coalesce(lag(toNullable(g.Amount)) OVER straight, k.LastValue) AS Before,
        coalesce(lag(toNullable(g.At)) OVER straight, k.LastAt) AS BeforeAt,
        multiIf(NOT k.IsCounter, toNullable(g.Amount), g.Amount >= Before, g.Amount - Before, NULL) AS Judged
    FROM given AS g
    JOIN known AS k ON k.ChannelID = g.ChannelID AND k.Day = g.Day AND k.FieldNumber = g.FieldNumber
    WINDOW straight AS (
        PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.At, g.Epoch, g.EntryID
    )
),
measured AS (
    SELECT
        f.ChannelID, f.Day, f.FieldNumber, f.At, f.Amount, f.RowBeforeAt, f.Least, f.Greatest, f.Days, f.Readings,
        f.LongestRun, f.Silences, f.LastRunAt, f.Floor, f.Ceiling, f.IsCounter, f.Total, f.Place, f.Before, f.BeforeAt,
        f.Judged, p.Level, p.Spread, (f.Judged - p.Level) / greatest(p.Spread, 1e-9) AS Deviation
    FROM followed AS f
    LEFT JOIN profiles AS p
        ON p.ChannelID = f.ChannelID AND p.Day = f.Day AND p.FieldNumber = f.FieldNumber AND p.Hour = f.Hour + 1
    UNION ALL
    SELECT
        m.ChannelID, m.JudgedDay, m.FieldNumber, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL,
        toInt64(Number) - 24, NULL, NULL, NULL, NULL, NULL, Deviation
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
        l.RowBeforeAt AS RowBeforeAt, l.BeforeAt AS BeforeAt, l.RunAt AS RunAt, l.Least AS Least,
        l.Greatest AS Greatest, l.Days AS Days, l.LongestRun AS LongestRun, l.Silences AS Silences, l.Floor AS Floor,
        l.Ceiling AS Ceiling, l.IsCounter AS IsCounter, l.Judged AS Judged, l.Level AS Level, l.Spread AS Spread,
        l.Deviation AS Deviation,
        if(
            l.Deviation IS NULL, NULL,
            round(
                -log10((ifNull(a.FarOrMore, 0) + 1) / (l.Total + 1))
                - log10((ifNull(b.LeanOrMore, 0) + 1) / (l.Total + 1)),
                9
            )
        ) AS Rareness,
        round(4.6 + greatest(0, log10(300 * l.Readings / (86400 * l.Days))), 9) AS Threshold,
        ifNull(
            l.Judged < l.Floor - 0.05 * (l.Ceiling - l.Floor) OR l.Judged > l.Ceiling + 0.05 * (l.Ceiling - l.Floor),
            FALSE
        ) AS IsBeyond,
        (l.At - l.RunAt) / 1000000 AS StayedFor, (l.At - l.BeforeAt) / 1000000 AS SilentFor,
        86400 * l.Days / l.Readings AS Usual
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
        hit.4 AS Value, hit.5 AS Level, hit.6 AS Spread, hit.7 AS IsAbove, hit.8 AS IsBeyond,
        assumeNotNull(hit.9) AS Score, hit.10 AS Least, hit.11 AS Greatest
    FROM weighed AS w
    ARRAY JOIN arrayFilter(x -> ifNull(x.12, FALSE), [
        (
            'VALUE', w.FieldNumber, toNullable(w.At), w.Judged, w.Level, w.Spread,
            coalesce(w.Deviation > 0, w.Judged > w.Ceiling, FALSE), w.IsBeyond,
            toNullable(greatest(ifNull(w.Rareness, 0), if(w.IsBeyond, w.Threshold, 0))), w.Floor, w.Ceiling,
            w.IsBeyond OR w.Rareness >= w.Threshold
        ),
        -- the same for longer than ever: three times as long, and three hours
        (
            'STUCK', w.FieldNumber, w.RunAt, w.Amount, w.LongestRun, NULL, FALSE, FALSE,
            w.StayedFor / greatest(w.LongestRun, 3600), w.Least, w.Greatest,
            NOT w.IsCounter AND w.LongestRun IS NOT NULL AND w.StayedFor > greatest(3 * w.LongestRun, 10800)
        ),
        -- no value for an hour, and twenty times as long as usual, which was not so once a week; of all fields: field 0
        (
            'SILENCE', if(ifNull(w.RowBeforeAt = w.BeforeAt, TRUE), 0, w.FieldNumber), w.BeforeAt, NULL, w.Usual, NULL,
            FALSE, FALSE, w.SilentFor / w.Usual, NULL, NULL,
            w.SilentFor > greatest(3600, 20 * w.Usual) AND 7 * w.Silences <= w.Days
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
        argMax((o.At, o.Value, o.Level, o.Spread), (o.Score, -o.At)) AS Peak,
        (
            o.FieldNumber, o.Family, fromUnixTimestamp64Micro(min(o.Since), 'UTC'),
            fromUnixTimestamp64Micro(max(o.At), 'UTC'), count(), countIf(o.IsAbove), countIf(o.IsBeyond), max(o.Score),
            fromUnixTimestamp64Micro(Peak.1, 'UTC'), toDecimal64OrNull(toString(round(Peak.2, 6)), 6), Peak.3, Peak.4,
            any(o.Least), any(o.Greatest), max(o.Days)
        ) AS Told
    FROM opened AS o
    GROUP BY o.ChannelID, o.Day, o.FieldNumber, o.Family, o.Spell
)
SELECT j.ChannelID, j.Day, groupArrayIf(s.Told, s.Family IS NOT NULL), {Version:UInt64}
FROM judged AS j
LEFT JOIN spells AS s ON s.ChannelID = j.ChannelID AND s.Day = j.Day
GROUP BY j.ChannelID, j.Day;
