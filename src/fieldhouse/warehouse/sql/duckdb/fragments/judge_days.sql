-- Judge the days of asked(ChannelID, Day) by their models, or, where those are no longer kept, by that of the last day
-- before that is, of the same weekday if there is one: their spells. What came just before a day only its own model
-- knows.
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

DELETE FROM iot.AnomalySpells AS s USING asked AS a WHERE s.ChannelID = a.ChannelID AND s.Day = a.Day;
INSERT INTO iot.AnomalySpells
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
        m.ChannelID, m.Day, m.FieldNumber,
        max(m.Amount) FILTER (m.Item = 0) AS Least, max(m.Amount) FILTER (m.Item = 1) AS Greatest,
        max(m.Amount) FILTER (m.Item = 2) AS Days, max(m.Amount) FILTER (m.Item = 3) AS Readings,
        max(m.Amount) FILTER (m.Item = 6) AS LongestRun, max(m.Amount) FILTER (m.Item = 7) AS Silences,
        max(m.Amount) FILTER (m.Item = 8 AND m.IsOwn) AS LastValue,
        max(m.Amount) FILTER (m.Item = 9 AND m.IsOwn) AS LastAt,
        max(m.Amount) FILTER (m.Item = 10 AND m.IsOwn) AS LastRunAt,
        max(m.Amount) FILTER (m.Item = 11) > 0 AS IsCounter,
        max(m.Amount) FILTER (m.Item = 12) AS GreatestRise
    FROM models AS m
    WHERE m.Measure = 'KNOWN' AND m.Amount IS NOT NULL
    GROUP BY m.ChannelID, m.Day, m.FieldNumber
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
        m.ChannelID, m.Day, m.FieldNumber, m.Measure, m.Item AS Bin,
        lag(m.Item, 1, -1) OVER downwards AS BinBefore,
        sum(m.Amount) OVER (PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure ORDER BY m.Item DESC) AS AtLeast,
        sum(m.Amount) OVER (PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure) AS Total
    FROM models AS m
    WHERE m.Measure IN ('FAR', 'LEAN') AND m.Amount IS NOT NULL
    WINDOW downwards AS (PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure ORDER BY m.Item)
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
        g.ChannelID, g.Day, g.FieldNumber, g.CreatedAt, g.Amount, g.RowBeforeAt,
        k.* EXCLUDE (ChannelID, Day, FieldNumber),
        row_number() OVER straight AS Place, coalesce(lag(g.Amount) OVER straight, k.LastValue) AS Before,
        coalesce(lag(g.CreatedAt) OVER straight, make_timestamp((k.LastAt * 1000000)::BIGINT)) AS BeforeAt
    FROM given AS g
    JOIN known AS k ON k.ChannelID = g.ChannelID AND k.Day = g.Day AND k.FieldNumber = g.FieldNumber
    WHERE g.Amount IS NOT NULL
    WINDOW straight AS (PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.CreatedAt, g.Epoch, g.EntryID)
),
measured AS (
    SELECT
        f.*, p.Level, p.Spread, iot.JudgedValue(f.Amount, f.Before, f.IsCounter) AS Judged,
        CASE WHEN f.IsCounter THEN 0 ELSE f.Least END AS From_,
        CASE WHEN f.IsCounter THEN f.GreatestRise ELSE f.Greatest END AS To_,
        iot.Deviation(iot.JudgedValue(f.Amount, f.Before, f.IsCounter), p.Level, p.Spread) AS Deviation
    FROM followed AS f
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
        coalesce(
            max(CASE WHEN m.Before <> m.Amount THEN m.CreatedAt END) OVER (
                PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place
            ),
            make_timestamp((m.LastRunAt * 1000000)::BIGINT)
        ) AS RunAt,
        abs(avg(iot.Clipped(m.Deviation)) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber ORDER BY m.Place ROWS 23 PRECEDING
        )) AS Lean
    FROM measured AS m
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
        round(4.6 + greatest(0, log10(300 * l.Readings / (86400 * l.Days))), 9) AS Threshold,
        coalesce(
            l.Judged < l.From_ - 0.05 * (l.To_ - l.From_) OR l.Judged > l.To_ + 0.05 * (l.To_ - l.From_), FALSE
        ) AS IsBeyond
    FROM leant AS l
    LEFT JOIN (SELECT DISTINCT o.ChannelID, o.Day, o.FieldNumber, o.Total FROM tails AS o WHERE o.Measure = 'FAR') AS t
        ON t.ChannelID = l.ChannelID AND t.Day = l.Day AND t.FieldNumber = l.FieldNumber
    LEFT JOIN tails AS a
        ON a.ChannelID = l.ChannelID AND a.Day = l.Day AND a.FieldNumber = l.FieldNumber AND a.Measure = 'FAR'
        AND iot.ScoreBin(abs(l.Deviation)) BETWEEN a.BinBefore + 1 AND a.Bin
    LEFT JOIN tails AS b
        ON b.ChannelID = l.ChannelID AND b.Day = l.Day AND b.FieldNumber = l.FieldNumber AND b.Measure = 'LEAN'
        AND iot.ScoreBin(l.Lean) BETWEEN b.BinBefore + 1 AND b.Bin
    WHERE l.CreatedAt IS NOT NULL AND l.Days > 0
),
hits AS (
    SELECT
        w.ChannelID, w.FieldNumber, w.Day, 'VALUE' AS Family, w.CreatedAt AS Since, w.CreatedAt,
        w.Judged AS Value, w.Level, w.Spread, coalesce(w.Deviation > 0, w.Judged > w.To_) AS IsAbove, w.IsBeyond,
        greatest(coalesce(w.Rareness, 0), CASE WHEN w.IsBeyond THEN w.Threshold ELSE 0 END) AS Score,
        w.From_ AS Least, w.To_ AS Greatest, w.Days
    FROM weighed AS w
    WHERE w.IsBeyond OR w.Rareness >= w.Threshold
    UNION ALL
    -- the same for longer than ever: three times as long, and three hours
    SELECT
        w.ChannelID, w.FieldNumber, w.Day, 'STUCK', w.RunAt, w.CreatedAt, w.Amount,
        w.LongestRun, NULL, FALSE, FALSE, epoch(w.CreatedAt - w.RunAt) / greatest(w.LongestRun, 3600),
        w.Least, w.Greatest, w.Days
    FROM weighed AS w
    WHERE
        NOT w.IsCounter AND w.LongestRun IS NOT NULL
        AND epoch(w.CreatedAt - w.RunAt) > greatest(3 * w.LongestRun, 10800)
    UNION ALL
    -- no value for an hour, and twenty times as long as usual, which was not so once a week; of all fields: field 0
    SELECT
        w.ChannelID, CASE WHEN coalesce(w.RowBeforeAt = w.BeforeAt, TRUE) THEN 0 ELSE w.FieldNumber END, w.Day,
        'SILENCE', w.BeforeAt, w.CreatedAt, NULL, 86400 * w.Days / w.Readings, NULL, FALSE, FALSE,
        epoch(w.CreatedAt - w.BeforeAt) * w.Readings / (86400 * w.Days), NULL, NULL, w.Days
    FROM weighed AS w
    WHERE
        epoch(w.CreatedAt - w.BeforeAt) > greatest(3600, 20 * 86400 * w.Days / w.Readings)
        AND 7 * w.Silences <= w.Days
),
opened AS (
    SELECT
        h.*,
        count(*) FILTER (h.IsApart) OVER (PARTITION BY h.ChannelID, h.FieldNumber, h.Family, h.Day ORDER BY h.CreatedAt)
            AS Spell
    FROM (
        SELECT
            i.*,
            i.Since - lag(i.CreatedAt) OVER (
                PARTITION BY i.ChannelID, i.FieldNumber, i.Family, i.Day ORDER BY i.CreatedAt
            ) > INTERVAL 6 HOUR AS IsApart
        FROM hits AS i
    ) AS h
)
SELECT
    o.ChannelID, o.FieldNumber, o.Family, o.Day, min(o.Since), max(o.CreatedAt),
    count(*), count(*) FILTER (o.IsAbove), count(*) FILTER (o.IsBeyond), max(o.Score),
    arg_max(o.CreatedAt, o.Score), arg_max(o.Value, o.Score)::DECIMAL(18, 6),
    arg_max(o.Level, o.Score), arg_max(o.Spread, o.Score), any_value(o.Least), any_value(o.Greatest), max(o.Days)
FROM opened AS o
GROUP BY o.ChannelID, o.FieldNumber, o.Family, o.Day, o.Spell;

-- if getvariable('chained')
-- of the older models the last eight days are kept, and the first week of each month
DELETE FROM iot.AnomalyModelsKept AS m
USING iot.AnomalyChannels AS n
WHERE
    n.ChannelID = m.ChannelID AND m.Day < n.NewestDay - 8 AND day(m.Day) > 7 AND m.Day > n.FirstDay
    AND m.ChannelID IN (SELECT c.ChannelID FROM chained AS c);
