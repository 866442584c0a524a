-- Judge the days of asked(ChannelID, Day): their spells, and the models of the days that are judged for the first time.
-- Days that follow what is known are a chain, of which each is judged by those before it; the last known day begins it.
-- A day in the midst of it is judged by its own model, or, where that is no longer kept, by the last one before it.
CREATE OR REPLACE TEMP TABLE judged AS
WITH
known AS MATERIALIZED (
    SELECT DISTINCT m.ChannelID, m.Day FROM iot.AnomalyModels AS m
    WHERE m.ChannelID IN (SELECT a.ChannelID FROM asked AS a)
),
newest AS (SELECT k.ChannelID, max(k.Day) AS Day FROM known AS k GROUP BY k.ChannelID),
days AS (
    SELECT a.ChannelID, a.Day, TRUE AS IsAsked FROM asked AS a
    UNION ALL
    SELECT n.ChannelID, n.Day, FALSE
    FROM newest AS n
    WHERE
        (n.ChannelID, n.Day) NOT IN (SELECT (a.ChannelID, a.Day) FROM asked AS a)
        AND EXISTS (SELECT 1 FROM asked AS a WHERE a.ChannelID = n.ChannelID AND a.Day > n.Day)
)
SELECT
    d.ChannelID, d.Day, d.IsAsked,
    CASE WHEN d.Day < n.Day THEN d.Day ELSE coalesce(n.Day, DATE '0001-01-01') END AS Chain,
    n.Day IS NULL OR d.Day > n.Day AS IsNew,
    (SELECT max(k.Day) FROM known AS k WHERE k.ChannelID = d.ChannelID AND k.Day <= d.Day) AS ModelDay
FROM days AS d
LEFT JOIN newest AS n ON n.ChannelID = d.ChannelID;
SET VARIABLE span = (
    SELECT {
        'FirstChannel': min(j.ChannelID), 'LastChannel': max(j.ChannelID), 'FirstDay': min(j.Day), 'LastDay': max(j.Day)
    }
    FROM judged AS j
);

-- what each chain begins with
CREATE OR REPLACE TEMP TABLE models AS
SELECT b.ChannelID, b.Chain, b.ModelDay, m.Measure, m.Item, f.FieldNumber, f.Amount
FROM (SELECT j.ChannelID, j.Chain, min(j.ModelDay) AS ModelDay FROM judged AS j GROUP BY j.ChannelID, j.Chain) AS b
JOIN iot.AnomalyModels AS m ON m.ChannelID = b.ChannelID AND m.Day = b.ModelDay,
LATERAL (
    SELECT unnest([1, 2, 3, 4, 5, 6, 7, 8]) AS FieldNumber,
        unnest([m.Field1, m.Field2, m.Field3, m.Field4, m.Field5, m.Field6, m.Field7, m.Field8]) AS Amount
) AS f
WHERE f.Amount IS NOT NULL;
CREATE OR REPLACE TEMP TABLE begun AS
SELECT
    m.ChannelID, m.Chain, m.FieldNumber,
    max(m.Amount) FILTER (m.Item = 0) AS Least, max(m.Amount) FILTER (m.Item = 1) AS Greatest,
    max(m.Amount) FILTER (m.Item = 2) AS Days, max(m.Amount) FILTER (m.Item = 3) AS Readings,
    max(m.Amount) FILTER (m.Item = 4) AS Ups, max(m.Amount) FILTER (m.Item = 5) AS Downs,
    max(m.Amount) FILTER (m.Item = 6) AS LongestRun, max(m.Amount) FILTER (m.Item = 7) AS LongestGap,
    max(m.Amount) FILTER (m.Item = 8) AS LastValue, max(m.Amount) FILTER (m.Item = 9) AS LastAt,
    max(m.Amount) FILTER (m.Item = 10) AS LastRunAt
FROM models AS m
WHERE m.Measure = 'KNOWN'
GROUP BY m.ChannelID, m.Chain, m.FieldNumber;

-- the values of the days, with what came before each
CREATE OR REPLACE TEMP TABLE valued AS
WITH
given AS (
    SELECT
        j.ChannelID, j.Chain, j.Day, r.CreatedAt, r.Epoch, r.EntryID,
        unnest([1, 2, 3, 4, 5, 6, 7, 8]) AS FieldNumber,
        unnest([r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8]) AS Value
    FROM iot.CurrentReadings AS r
    JOIN judged AS j ON j.ChannelID = r.ChannelID AND j.Day = r.CreatedAt::DATE
    WHERE
        r.ChannelID BETWEEN getvariable('span').FirstChannel AND getvariable('span').LastChannel
        AND r.CreatedAt >= getvariable('span').FirstDay AND r.CreatedAt < getvariable('span').LastDay + 1
),
numbered AS (
    SELECT
        g.*, g.Value::DOUBLE AS Amount, epoch(g.CreatedAt) AS At,
        row_number() OVER straight AS Place,
        lag(g.Value::DOUBLE) OVER straight AS Before, lag(epoch(g.CreatedAt)) OVER straight AS BeforeAt
    FROM given AS g
    WHERE g.Value IS NOT NULL
    WINDOW straight AS (
        PARTITION BY g.ChannelID, g.Chain, g.FieldNumber ORDER BY g.CreatedAt, g.Epoch, g.EntryID
    )
)
SELECT
    n.* EXCLUDE (Before, BeforeAt),
    coalesce(n.Before, b.LastValue) AS Before, coalesce(n.BeforeAt, b.LastAt) AS BeforeAt
FROM numbered AS n
LEFT JOIN begun AS b ON b.ChannelID = n.ChannelID AND b.Chain = n.Chain AND b.FieldNumber = n.FieldNumber;

-- since when each value has been the same
CREATE OR REPLACE TEMP TABLE running AS
SELECT
    v.*,
    coalesce(
        max(CASE WHEN v.Before IS NULL OR v.Before <> v.Amount THEN v.At END) OVER (
            PARTITION BY v.ChannelID, v.Chain, v.FieldNumber ORDER BY v.Place
        ),
        b.LastRunAt, v.At
    ) AS RunAt
FROM valued AS v
LEFT JOIN begun AS b ON b.ChannelID = v.ChannelID AND b.Chain = v.Chain AND b.FieldNumber = v.FieldNumber;

-- what is known before each day of a chain
CREATE OR REPLACE TEMP TABLE knowledge AS
WITH
days AS (
    SELECT
        r.ChannelID, r.Chain, r.Day, r.FieldNumber,
        min(r.Amount) AS Least, max(r.Amount) AS Greatest, count(*) AS Readings,
        count(*) FILTER (r.Amount > r.Before) AS Ups, count(*) FILTER (r.Amount < r.Before) AS Downs,
        max(r.At - r.RunAt) AS LongestRun, max(r.At - r.BeforeAt) AS LongestGap,
        arg_max(r.Amount, r.Place) AS LastValue, max(r.At) AS LastAt, arg_max(r.RunAt, r.Place) AS LastRunAt
    FROM running AS r
    GROUP BY r.ChannelID, r.Chain, r.Day, r.FieldNumber
),
fields AS (
    SELECT d.ChannelID, d.Chain, d.FieldNumber FROM days AS d
    UNION
    SELECT b.ChannelID, b.Chain, b.FieldNumber FROM begun AS b
),
stated AS (
    SELECT
        j.ChannelID, j.Chain, j.Day, j.IsNew, f.FieldNumber,
        d.* EXCLUDE (ChannelID, Chain, Day, FieldNumber)
    FROM judged AS j
    JOIN fields AS f ON f.ChannelID = j.ChannelID AND f.Chain = j.Chain
    LEFT JOIN days AS d
        ON d.ChannelID = j.ChannelID AND d.Chain = j.Chain AND d.Day = j.Day AND d.FieldNumber = f.FieldNumber
)
SELECT
    s.ChannelID, s.Chain, s.Day, s.IsNew, s.FieldNumber,
    least(b.Least, min(s.Least) OVER earlier) AS Least, greatest(b.Greatest, max(s.Greatest) OVER earlier) AS Greatest,
    coalesce(b.Days, 0) + count(s.Readings) OVER earlier AS Days,
    coalesce(b.Readings, 0) + coalesce(sum(s.Readings) OVER earlier, 0)::BIGINT AS Readings,
    coalesce(b.Ups, 0) + coalesce(sum(s.Ups) OVER earlier, 0)::BIGINT AS Ups,
    coalesce(b.Downs, 0) + coalesce(sum(s.Downs) OVER earlier, 0)::BIGINT AS Downs,
    greatest(b.LongestRun, max(s.LongestRun) OVER earlier) AS LongestRun,
    greatest(b.LongestGap, max(s.LongestGap) OVER earlier) AS LongestGap,
    coalesce(last_value(s.LastValue IGNORE NULLS) OVER earlier, b.LastValue) AS LastValue,
    coalesce(last_value(s.LastAt IGNORE NULLS) OVER earlier, b.LastAt) AS LastAt,
    coalesce(last_value(s.LastRunAt IGNORE NULLS) OVER earlier, b.LastRunAt) AS LastRunAt
FROM stated AS s
LEFT JOIN begun AS b ON b.ChannelID = s.ChannelID AND b.Chain = s.Chain AND b.FieldNumber = s.FieldNumber
WINDOW earlier AS (
    PARTITION BY s.ChannelID, s.Chain, s.FieldNumber ORDER BY s.Day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
);

-- the level and the spread of each hour of the days, by the 28 days before: hours of the week shrink towards hours of
-- the day, these towards all hours, the more the fewer they are
CREATE OR REPLACE TEMP TABLE profiles AS
WITH
wanted AS MATERIALIZED (
    SELECT
        k.ChannelID, k.Chain, k.Day, k.FieldNumber, isodow(k.Day) AS Weekday,
        k.Ups >= 50 AND 50 * k.Downs <= k.Ups AND k.Days >= 2 AS IsCounter
    FROM knowledge AS k
    JOIN judged AS j ON j.ChannelID = k.ChannelID AND j.Day = k.Day
    WHERE j.ModelDay IS DISTINCT FROM j.Day
),
hours AS MATERIALIZED (
    SELECT
        g.ChannelID, g.PeriodStart::DATE AS Day, hour(g.PeriodStart) AS Hour,
        unnest([1, 2, 3, 4, 5, 6, 7, 8]) AS FieldNumber,
        unnest([
            {'Avg': g.Field#Avg, 'StdDev': g.Field#StdDev, 'Rise': (g.Field#Max - g.Field#Min)::DOUBLE / g.Field#Count} -- each field, comma between
        ], recursive := TRUE)
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY'
        AND g.ChannelID BETWEEN getvariable('span').FirstChannel AND getvariable('span').LastChannel
        AND g.PeriodStart >= getvariable('span').FirstDay - 28 AND g.PeriodStart < getvariable('span').LastDay
),
sourced AS (
    SELECT
        w.ChannelID, w.Day, w.FieldNumber, h.Hour, isodow(h.Day) = w.Weekday AS IsOfWeekday,
        CASE WHEN w.IsCounter THEN h.Rise ELSE h.Avg END AS Level,
        CASE WHEN w.IsCounter THEN h.Rise * h.Rise ELSE coalesce(h.StdDev * h.StdDev, 0) END AS Variance
    FROM wanted AS w
    JOIN hours AS h
        ON h.ChannelID = w.ChannelID AND h.FieldNumber = w.FieldNumber AND h.Day >= w.Day - 28 AND h.Day < w.Day
    WHERE h.Avg IS NOT NULL
),
placed AS MATERIALIZED (
    SELECT s.ChannelID, s.Day, s.FieldNumber, 'ALL' AS Kind, 0 AS Hour, s.Level, s.Variance FROM sourced AS s
    UNION ALL
    SELECT s.ChannelID, s.Day, s.FieldNumber, 'DAY', s.Hour, s.Level, s.Variance FROM sourced AS s
    UNION ALL
    SELECT s.ChannelID, s.Day, s.FieldNumber, 'WEEK', s.Hour, s.Level, s.Variance FROM sourced AS s WHERE s.IsOfWeekday
),
middles AS (
    SELECT
        p.ChannelID, p.Day, p.FieldNumber, p.Kind, p.Hour,
        count(*) AS Hours, median(p.Level) AS Level, median(p.Variance) AS Variance
    FROM placed AS p
    GROUP BY ALL
),
spreads AS MATERIALIZED (
    SELECT
        m.ChannelID, m.Day, m.FieldNumber, m.Kind, m.Hour, any_value(m.Hours) AS Hours, any_value(m.Level) AS Level,
        any_value(m.Variance) + 0.5 * pow(1.4826 * median(abs(p.Level - m.Level)), 2)
        + 0.5 * pow(1.2533 * avg(abs(p.Level - m.Level)), 2) AS Variance
    FROM middles AS m
    JOIN placed AS p
        ON p.ChannelID = m.ChannelID AND p.Day = m.Day AND p.FieldNumber = m.FieldNumber AND p.Kind = m.Kind
        AND p.Hour = m.Hour
    GROUP BY m.ChannelID, m.Day, m.FieldNumber, m.Kind, m.Hour
),
of_days AS (
    SELECT
        a.ChannelID, a.Day, a.FieldNumber, n.Hour,
        (coalesce(d.Hours * d.Level, 0) + 3 * a.Level) / (coalesce(d.Hours, 0) + 3) AS Level,
        (coalesce(d.Hours * d.Variance, 0) + 3 * a.Variance) / (coalesce(d.Hours, 0) + 3) AS Variance
    FROM spreads AS a
    CROSS JOIN (SELECT unnest(range(24)) AS Hour) AS n
    LEFT JOIN spreads AS d
        ON d.Kind = 'DAY' AND d.ChannelID = a.ChannelID AND d.Day = a.Day AND d.FieldNumber = a.FieldNumber
        AND d.Hour = n.Hour
    WHERE a.Kind = 'ALL'
)
SELECT
    d.ChannelID, d.Day, d.FieldNumber, d.Hour,
    (coalesce(w.Hours * w.Level, 0) + 3 * d.Level) / (coalesce(w.Hours, 0) + 3) AS Level,
    sqrt((coalesce(w.Hours * w.Variance, 0) + 3 * d.Variance) / (coalesce(w.Hours, 0) + 3)) AS Spread
FROM of_days AS d
LEFT JOIN spreads AS w
    ON w.Kind = 'WEEK' AND w.ChannelID = d.ChannelID AND w.Day = d.Day AND w.FieldNumber = d.FieldNumber
    AND w.Hour = d.Hour
UNION ALL
SELECT
    m.ChannelID, m.ModelDay, m.FieldNumber, m.Item,
    max(m.Amount) FILTER (m.Measure = 'LEVEL'), max(m.Amount) FILTER (m.Measure = 'SPREAD')
FROM models AS m
JOIN judged AS j ON j.ChannelID = m.ChannelID AND j.Chain = m.Chain AND j.Day = m.ModelDay
WHERE m.Measure IN ('LEVEL', 'SPREAD')
GROUP BY m.ChannelID, m.ModelDay, m.FieldNumber, m.Item;

-- how far each value is, and how much the last sixteen lean to one side
CREATE OR REPLACE TEMP TABLE scored AS
WITH
steps AS (
    SELECT
        r.*, k.Days, k.Ups >= 50 AND 50 * k.Downs <= k.Ups AND k.Days >= 2 AS IsCounter,
        p.Level, p.Spread
    FROM running AS r
    JOIN knowledge AS k
        ON k.ChannelID = r.ChannelID AND k.Chain = r.Chain AND k.Day = r.Day AND k.FieldNumber = r.FieldNumber
    LEFT JOIN profiles AS p
        ON p.ChannelID = r.ChannelID AND p.Day = r.Day AND p.FieldNumber = r.FieldNumber
        AND p.Hour = hour(r.CreatedAt)
),
far AS (
    SELECT
        s.ChannelID, s.Chain, s.FieldNumber, s.Place, s.Day, s.CreatedAt, s.Level, s.Spread,
        CASE WHEN s.IsCounter THEN CASE WHEN s.Amount >= s.Before THEN s.Amount - s.Before END ELSE s.Amount END
            AS Judged,
        s.IsCounter
    FROM steps AS s
),
deviating AS (
    SELECT
        f.ChannelID, f.Chain, f.FieldNumber, f.Place, f.Day, f.CreatedAt, f.Judged, f.IsCounter, f.Level, f.Spread,
        (f.Judged - f.Level) / greatest(f.Spread, 1e-9) AS Deviation
    FROM far AS f
    UNION ALL
    SELECT m.ChannelID, m.Chain, m.FieldNumber, -m.Item, NULL, NULL, NULL, NULL, NULL, NULL, m.Amount
    FROM models AS m
    WHERE m.Measure = 'LAST'
)
SELECT
    d.*,
    abs(avg(greatest(-6, least(6, d.Deviation))) OVER (
        PARTITION BY d.ChannelID, d.Chain, d.FieldNumber ORDER BY d.Place ROWS 15 PRECEDING
    )) AS Lean
FROM deviating AS d;

-- how many of the scores before each day were in each bin
CREATE OR REPLACE TEMP TABLE tails AS
WITH
binned AS (
    SELECT
        s.ChannelID, s.Chain, s.FieldNumber, s.Day, b.Measure,
        least(63, floor(4 * log2(1 + b.Amount)))::INTEGER AS Bin, count(*) AS Readings
    FROM scored AS s, LATERAL (
        SELECT unnest(['FAR', 'LEAN']) AS Measure, unnest([abs(s.Deviation), s.Lean]) AS Amount
    ) AS b
    WHERE s.Deviation IS NOT NULL AND s.Day IS NOT NULL
    GROUP BY ALL
),
bins AS (
    SELECT DISTINCT o.* FROM (
        SELECT b.ChannelID, b.Chain, b.FieldNumber, b.Measure, b.Bin FROM binned AS b
        UNION ALL
        SELECT m.ChannelID, m.Chain, m.FieldNumber, m.Measure, m.Item
        FROM models AS m
        WHERE m.Measure IN ('FAR', 'LEAN')
    ) AS o
),
counted AS (
    SELECT
        j.ChannelID, j.Chain, j.Day, b.FieldNumber, b.Measure, b.Bin,
        coalesce(m.Amount, 0) + coalesce(sum(n.Readings) OVER (
            PARTITION BY j.ChannelID, j.Chain, b.FieldNumber, b.Measure, b.Bin
            ORDER BY j.Day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS Readings
    FROM judged AS j
    JOIN bins AS b ON b.ChannelID = j.ChannelID AND b.Chain = j.Chain
    LEFT JOIN models AS m
        ON m.ChannelID = j.ChannelID AND m.Chain = j.Chain AND m.FieldNumber = b.FieldNumber AND m.Measure = b.Measure
        AND m.Item = b.Bin
    LEFT JOIN binned AS n
        ON n.ChannelID = j.ChannelID AND n.Chain = j.Chain AND n.Day = j.Day AND n.FieldNumber = b.FieldNumber
        AND n.Measure = b.Measure AND n.Bin = b.Bin
)
SELECT
    c.*,
    sum(c.Readings) OVER (
        PARTITION BY c.ChannelID, c.Chain, c.Day, c.FieldNumber, c.Measure ORDER BY c.Bin DESC
    ) AS AtLeast,
    sum(c.Readings) OVER (PARTITION BY c.ChannelID, c.Chain, c.Day, c.FieldNumber, c.Measure) AS Total
FROM counted AS c;

CREATE OR REPLACE TEMP TABLE hits AS
WITH
weighed AS (
    SELECT
        s.ChannelID, s.Chain, s.FieldNumber, s.Day, s.CreatedAt, s.Place, s.Judged, s.Level, s.Spread, s.Deviation,
        k.Days, k.Least, k.Greatest,
        -log10((a.AtLeast + 1) / (a.Total + 1)) - log10((l.AtLeast + 1) / (l.Total + 1)) AS Score,
        4.6 + greatest(0, log10(300 * k.Readings / (86400 * k.Days))) AS Threshold,
        NOT s.IsCounter AND (
            s.Judged < k.Least - 0.05 * (k.Greatest - k.Least) OR s.Judged > k.Greatest + 0.05 * (k.Greatest - k.Least)
        ) AS IsBeyond
    FROM scored AS s
    JOIN knowledge AS k
        ON k.ChannelID = s.ChannelID AND k.Chain = s.Chain AND k.Day = s.Day AND k.FieldNumber = s.FieldNumber
    LEFT JOIN tails AS a
        ON a.ChannelID = s.ChannelID AND a.Chain = s.Chain AND a.Day = s.Day AND a.FieldNumber = s.FieldNumber
        AND a.Measure = 'FAR' AND a.Bin = least(63, floor(4 * log2(1 + abs(s.Deviation))))
    LEFT JOIN tails AS l
        ON l.ChannelID = s.ChannelID AND l.Chain = s.Chain AND l.Day = s.Day AND l.FieldNumber = s.FieldNumber
        AND l.Measure = 'LEAN' AND l.Bin = least(63, floor(4 * log2(1 + s.Lean)))
    WHERE s.Day IS NOT NULL AND k.Days > 0
)
SELECT
    w.ChannelID, w.Chain, w.FieldNumber, w.Day, 'VALUE' AS Family, w.CreatedAt, w.CreatedAt AS Since, w.Judged,
    w.Level, w.Spread, w.Deviation > 0 AS IsAbove, w.IsBeyond, greatest(coalesce(w.Score, 0), CASE WHEN w.IsBeyond THEN w.Threshold ELSE 0 END) AS Score,
    w.Least, w.Greatest, w.Days
FROM weighed AS w
WHERE coalesce(w.Score >= w.Threshold, FALSE) OR w.IsBeyond;

DELETE FROM iot.AnomalySpells AS s USING asked AS a WHERE s.ChannelID = a.ChannelID AND s.Day = a.Day;
INSERT INTO iot.AnomalySpells
WITH
opened AS (
    SELECT
        h.*,
        count(*) FILTER (h.Apart) OVER (PARTITION BY h.ChannelID, h.FieldNumber, h.Family, h.Day ORDER BY h.CreatedAt)
            AS Spell
    FROM (
        SELECT
            i.*,
            i.CreatedAt - lag(i.CreatedAt) OVER (
                PARTITION BY i.ChannelID, i.FieldNumber, i.Family, i.Day ORDER BY i.CreatedAt
            ) > INTERVAL 6 HOUR AS Apart
        FROM hits AS i
        JOIN asked AS a ON a.ChannelID = i.ChannelID AND a.Day = i.Day
    ) AS h
)
SELECT
    o.ChannelID, o.FieldNumber, o.Family, o.Day, min(o.Since), max(o.CreatedAt),
    count(*), count(*) FILTER (o.IsAbove), count(*) FILTER (o.IsBeyond), max(o.Score),
    arg_max(o.CreatedAt, o.Score), arg_max(o.Judged, o.Score)::DECIMAL(18, 6),
    arg_max(o.Level, o.Score), arg_max(o.Spread, o.Score), any_value(o.Least), any_value(o.Greatest), any_value(o.Days)
FROM opened AS o
GROUP BY o.ChannelID, o.FieldNumber, o.Family, o.Day, o.Spell;

-- the models of the days that are new, and no more of the older ones than the last eight days and each month's first
INSERT INTO iot.AnomalyModels
WITH
stated AS (
    SELECT p.ChannelID, p.Day, 'LEVEL' AS Measure, p.Hour AS Item, p.FieldNumber, p.Level AS Amount FROM profiles AS p
    UNION ALL
    SELECT p.ChannelID, p.Day, 'SPREAD', p.Hour, p.FieldNumber, p.Spread FROM profiles AS p
    UNION ALL
    SELECT t.ChannelID, t.Day, t.Measure, t.Bin, t.FieldNumber, t.Readings FROM tails AS t
    UNION ALL
    SELECT
        k.ChannelID, k.Day, 'KNOWN', unnest(range(11)), k.FieldNumber,
        unnest([
            k.Least, k.Greatest, k.Days, k.Readings, k.Ups, k.Downs, k.LongestRun, k.LongestGap,
            k.LastValue, k.LastAt, k.LastRunAt
        ])
    FROM knowledge AS k
    UNION ALL
    SELECT l.ChannelID, l.Day, 'LAST', l.Item, l.FieldNumber, l.Deviation
    FROM (
        SELECT
            j.ChannelID, j.Day, s.FieldNumber, s.Deviation,
            row_number() OVER (PARTITION BY j.ChannelID, j.Day, s.FieldNumber ORDER BY s.Place DESC) AS Item
        FROM judged AS j
        JOIN scored AS s
            ON s.ChannelID = j.ChannelID AND s.Chain = j.Chain AND (s.Day IS NULL OR (s.Day < j.Day AND s.Day >= j.Day - 40))
        WHERE j.IsNew
    ) AS l
    WHERE l.Item <= 15
)
SELECT
    s.ChannelID, s.Day, s.Measure, s.Item,
    max(s.Amount) FILTER (s.FieldNumber = #) -- each field, comma between
FROM stated AS s
JOIN judged AS j ON j.ChannelID = s.ChannelID AND j.Day = s.Day
WHERE j.IsNew
GROUP BY s.ChannelID, s.Day, s.Measure, s.Item
ORDER BY s.ChannelID, s.Day;
DELETE FROM iot.AnomalyModels AS m
USING (
    SELECT k.ChannelID, k.Day
    FROM (
        SELECT
            d.ChannelID, d.Day, max(d.Day) OVER (PARTITION BY d.ChannelID) AS Newest,
            min(d.Day) OVER (PARTITION BY d.ChannelID, date_trunc('month', d.Day)) AS FirstOfMonth
        FROM (
            SELECT DISTINCT n.ChannelID, n.Day FROM iot.AnomalyModels AS n
            WHERE n.ChannelID IN (SELECT j.ChannelID FROM judged AS j WHERE j.IsNew)
        ) AS d
    ) AS k
    WHERE k.Day < k.Newest - 8 AND k.Day > k.FirstOfMonth
) AS o
WHERE m.ChannelID = o.ChannelID AND m.Day = o.Day;
