-- Judge the days of asked(ChannelID, Day) by their models, or, where those are no longer kept, by that of the last day
-- before that is, of the same weekday if there is one: told, the values about which something is unusual, mostly none.
-- What came just before a day only its own model knows.
CREATE OR REPLACE TEMP TABLE judged AS
SELECT a.ChannelID, a.Day, n.NewestDay AS ModelDay
FROM asked AS a
JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID;
SET VARIABLE span = (
    SELECT {
        'FirstChannel': min(j.ChannelID), 'LastChannel': max(j.ChannelID),
        'FirstDay': min(j.Day), 'LastDay': max(j.Day),
        'Late': coalesce(bool_or(j.Day < j.ModelDay), FALSE)
    }
    FROM judged AS j
);
-- if getvariable('span').Late
UPDATE judged AS j
SET ModelDay = k.ModelDay
FROM (
    SELECT l.ChannelID, l.Day, arg_max(m.Day, {'Weekday': isodow(m.Day) = isodow(l.Day), 'Day': m.Day}) AS ModelDay
    FROM judged AS l
    JOIN (SELECT DISTINCT o.ChannelID, o.Day FROM iot.AnomalyModelsKept AS o) AS m
        ON m.ChannelID = l.ChannelID AND m.Day <= l.Day
    WHERE l.Day < l.ModelDay
    GROUP BY l.ChannelID, l.Day
) AS k
WHERE k.ChannelID = j.ChannelID AND k.Day = j.Day;

CREATE OR REPLACE TEMP TABLE judging AS
SELECT j.Day AS JudgedDay, m.*
FROM judged AS j
JOIN iot.AnomalyModels AS m ON m.ChannelID = j.ChannelID AND m.Day = j.ModelDay;
-- if getvariable('span').Late
INSERT INTO judging
SELECT j.Day, m.*
FROM judged AS j
JOIN iot.AnomalyModelsKept AS m ON m.ChannelID = j.ChannelID AND m.Day = j.ModelDay;

CREATE OR REPLACE TEMP TABLE told AS
WITH
models AS MATERIALIZED (
    SELECT
        m.ChannelID, m.JudgedDay AS Day, m.Day = m.JudgedDay AS IsOwn, m.Measure, m.Item,
        unnest(range(1, 9)) AS FieldNumber,
        unnest([m.Field1, m.Field2, m.Field3, m.Field4, m.Field5, m.Field6, m.Field7, m.Field8]) AS Amount
    FROM judging AS m
),
known AS (
    SELECT
        k.ChannelID, k.Day, k.FieldNumber,
        k.Told[0] AS Least, k.Told[1] AS Greatest, k.Told[2] AS Days, k.Told[3] AS Readings, k.Told[5] AS Downs,
        k.Told[6] AS LongestRun, k.Told[7] AS Silences, k.Told[8] AS LastValue, k.Told[9] AS LastAt,
        k.Told[10] AS LastRunAt, k.Told[11] AS Nature, k.Told[12] AS GreatestRise, k.Told[13] AS LongestOther,
        k.Told[14] AS Zeros, k.Told[20] AS UsualStep, k.Told[23] AS Week, k.Told[24] AS Older,
        k.Told[25] AS OlderSpread, k.Told[26] AS RightLow, k.Told[27] AS RightHigh, k.Told[29] AS RightSilence,
        k.Told[30] AS FallLow, k.Told[31] AS FallHigh, k.Told[32] AS WeekLow, k.Told[33] AS WeekHigh
    FROM (
        SELECT m.ChannelID, m.Day, m.FieldNumber, map_from_entries(list((m.Item, m.Amount))) AS Told
        FROM models AS m
        WHERE m.Measure = 'KNOWN' AND m.Amount IS NOT NULL AND (m.IsOwn OR m.Item NOT IN (8, 9, 10, 23))
        GROUP BY m.ChannelID, m.Day, m.FieldNumber
    ) AS k
),
profiles AS (
    SELECT
        m.ChannelID, m.Day, m.FieldNumber, m.Item AS Hour,
        max(m.Amount) FILTER (m.Measure = 'LEVEL') AS Level, max(m.Amount) FILTER (m.Measure = 'SPREAD') AS Spread
    FROM models AS m
    WHERE m.Measure IN ('LEVEL', 'SPREAD') AND m.Amount IS NOT NULL
    GROUP BY m.ChannelID, m.Day, m.FieldNumber, m.Item
),
tails AS (
    SELECT
        m.ChannelID, m.Day, m.FieldNumber, m.Measure, sum(m.Amount) OVER downwards AS AtLeast,
        unnest(range(lead(m.Item, 1, -1) OVER downwards + 1, m.Item + 1)) AS Bin
    FROM models AS m
    WHERE m.Measure IN ('FAR', 'LEAN') AND m.Amount IS NOT NULL
    WINDOW downwards AS (PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure ORDER BY m.Item DESC)
),
given AS (
    SELECT
        j.ChannelID, j.Day, r.CreatedAt, r.Epoch, r.EntryID, unnest(range(1, 9)) AS FieldNumber,
        lag(r.CreatedAt) OVER (PARTITION BY j.ChannelID, j.Day ORDER BY r.CreatedAt) AS RowBeforeAt,
        unnest([r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8])::DOUBLE AS Amount
    FROM iot.CurrentReadings AS r
    JOIN judged AS j ON j.ChannelID = r.ChannelID AND j.Day = r.CreatedAt::DATE
    WHERE
        r.ChannelID BETWEEN getvariable('span').FirstChannel AND getvariable('span').LastChannel
        AND r.CreatedAt >= getvariable('span').FirstDay AND r.CreatedAt < getvariable('span').LastDay + 1
),
followed AS (
    SELECT
        g.ChannelID, g.Day, g.FieldNumber, g.CreatedAt, g.Amount, g.RowBeforeAt, row_number() OVER straight AS Place,
        lag(g.Amount) OVER straight AS AmountBefore, lag(g.CreatedAt) OVER straight AS ValueBeforeAt
    FROM given AS g
    WHERE g.Amount IS NOT NULL
    WINDOW straight AS (PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.CreatedAt, g.Epoch, g.EntryID)
),
-- no more than is needed goes through windows, which sort it: what is known comes back after them
measured AS (
    SELECT
        f.ChannelID, f.Day, f.FieldNumber, f.CreatedAt, f.Amount, f.RowBeforeAt, f.Place,
        coalesce(f.AmountBefore, k.LastValue) AS Before,
        coalesce(f.ValueBeforeAt, make_timestamp((k.LastAt * 1000000)::BIGINT)) AS BeforeAt,
        p.Level, p.Spread, epoch(f.CreatedAt - BeforeAt) AS SilentFor,
        -- the value before, where it is not much older than usual
        CASE WHEN SilentFor <= 3 * (86400 * k.Days / k.Readings) THEN Before END AS Near,
        iot.JudgedValue(f.Amount, Near, k.Nature, p.Level) AS Judged,
        iot.Deviation(Judged, p.Level, p.Spread) AS Deviation
    FROM followed AS f
    JOIN known AS k ON k.ChannelID = f.ChannelID AND k.Day = f.Day AND k.FieldNumber = f.FieldNumber
    LEFT JOIN profiles AS p
        ON p.ChannelID = f.ChannelID AND p.Day = f.Day AND p.FieldNumber = f.FieldNumber AND p.Hour = hour(f.CreatedAt)
    UNION ALL BY NAME
    SELECT m.ChannelID, m.Day, m.FieldNumber, -m.Item AS Place, m.Amount AS Deviation
    FROM models AS m
    WHERE m.Measure = 'LAST' AND m.IsOwn AND m.Amount IS NOT NULL
),
leant AS (
    SELECT
        m.*,
        max(CASE WHEN m.Before <> m.Amount THEN m.CreatedAt END) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place
        ) AS ChangedAt,
        abs(avg(iot.Clipped(m.Deviation)) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place ROWS 23 PRECEDING
        )) AS Lean
    FROM measured AS m
),
remembered AS (
    SELECT
        l.*, k.* EXCLUDE (ChannelID, Day, FieldNumber), 86400 * k.Days / k.Readings AS Usual,
        coalesce(l.ChangedAt, make_timestamp((k.LastRunAt * 1000000)::BIGINT)) AS RunAt,
        CASE WHEN k.Nature = 1 THEN 0 ELSE k.Least END AS From_,
        CASE WHEN k.Nature = 1 THEN k.GreatestRise ELSE k.Greatest END AS To_,
        CASE WHEN k.Nature = 5 THEN l.Amount ELSE l.Judged END AS Bounded,
        CASE WHEN Bounded < From_ THEN From_ - Bounded WHEN Bounded > To_ THEN Bounded - To_ ELSE 0 END AS Off
    FROM leant AS l
    JOIN known AS k ON k.ChannelID = l.ChannelID AND k.Day = l.Day AND k.FieldNumber = l.FieldNumber
    WHERE l.CreatedAt IS NOT NULL AND k.Days > 0
),
weighed AS (
    SELECT
        l.*,
        CASE WHEN l.Deviation IS NOT NULL
            THEN round(
                -log10((coalesce(a.AtLeast, 0) + 1) / (t.Total + 1))
                - log10((coalesce(b.AtLeast, 0) + 1) / (t.Total + 1)),
                9
            )
        END AS Rareness,
        round(4.6 + greatest(0, log10(300 / l.Usual)), 9) + CASE WHEN l.Nature = 2 THEN 1 ELSE 0 END AS Threshold,
        iot.IsBeyond(l.Nature, l.Off, l.To_ - l.From_, l.Deviation, l.Readings - l.Zeros)
        OR coalesce(l.Nature = 4 AND l.Level = 0 AND l.Deviation >= 6, FALSE) AS IsBeyond,
        coalesce(iot.IsJump(l.Nature, abs(l.Amount - l.Near), l.UsualStep, l.Readings - l.Zeros), FALSE) AS IsJump,
        epoch(l.CreatedAt - l.RunAt) AS StayedFor,
        CASE WHEN l.Amount = 0 THEN l.LongestRun ELSE l.LongestOther END AS Longest
    FROM remembered AS l
    LEFT JOIN (
        SELECT m.ChannelID, m.Day, m.FieldNumber, sum(m.Amount) AS Total
        FROM models AS m
        WHERE m.Measure = 'FAR'
        GROUP BY m.ChannelID, m.Day, m.FieldNumber
    ) AS t
        ON t.ChannelID = l.ChannelID AND t.Day = l.Day AND t.FieldNumber = l.FieldNumber
    LEFT JOIN tails AS a
        ON a.ChannelID = l.ChannelID AND a.Day = l.Day AND a.FieldNumber = l.FieldNumber AND a.Measure = 'FAR'
        AND a.Bin = iot.ScoreBin(abs(l.Deviation))
    LEFT JOIN tails AS b
        ON b.ChannelID = l.ChannelID AND b.Day = l.Day AND b.FieldNumber = l.FieldNumber AND b.Measure = 'LEAN'
        AND b.Bin = iot.ScoreBin(l.Lean)
),
counted AS (
    SELECT
        w.*,
        w.IsBeyond
        OR (w.Nature <> 3 AND coalesce(w.Rareness >= w.Threshold AND abs(w.Deviation) >= 4, FALSE)) AS IsOdd
    FROM weighed AS w
),
flagged AS (
    SELECT
        c.*,
        (c.IsOdd OR c.IsJump)
        AND NOT iot.IsRight(CASE WHEN c.IsOdd THEN c.Judged ELSE c.Amount END, c.RightLow, c.RightHigh) AS IsHit,
        -- the same for twice as long as ever, and three hours; what rests at zero may do so longer, and rain for ever
        c.StayedFor > greatest(2 * c.Longest, 10800) AND c.Longest IS NOT NULL
        AND NOT (c.Nature = 2 AND c.Amount = 0) AS IsStuck,
        -- no value for an hour, and twenty times as long as usual, which was not so once a week
        c.SilentFor > greatest(3600, 20 * c.Usual) AND 7 * c.Silences <= c.Days
        AND NOT iot.IsRight(c.SilentFor, 0, c.RightSilence) AS WasSilent,
        -- a counter that falls, which it did not once a week
        c.Nature = 1 AND c.Amount < c.Before AND 7 * c.Downs <= c.Days
        AND NOT iot.IsRight(c.Amount, c.FallLow, c.FallHigh) AS HasFallen,
        -- a week that lies three spreads off the three before it, and half a usual greatest step
        c.OlderSpread > 0 AND abs(c.Week - c.Older) > greatest(3 * c.OlderSpread, 0.5 * c.UsualStep)
        AND NOT iot.IsRight(c.Week, c.WeekLow, c.WeekHigh) AS HasDrifted
    FROM counted AS c
)
SELECT f.* FROM flagged AS f WHERE f.IsHit OR f.IsStuck OR f.WasSilent OR f.HasFallen OR f.HasDrifted;

-- if getvariable('chained')
-- of the older models the last eight days are kept, and the first week of each month
DELETE FROM iot.AnomalyModelsKept AS m
USING iot.AnomalyChannels AS n
WHERE
    n.ChannelID = m.ChannelID AND m.Day < n.NewestDay - 8 AND day(m.Day) > 7 AND m.Day > n.FirstDay
    AND m.ChannelID IN (SELECT c.ChannelID FROM chained AS c);
