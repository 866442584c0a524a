-- Make the models of those of asked(ChannelID, Day) that lie after the newest day judged so far. Each is made of what
-- was known at that one, and of the days between, of which the newest judged is the first: all of it has come now.
-- Each statement is left out where there is no such day.
CREATE OR REPLACE TEMP TABLE chained AS
SELECT a.ChannelID, a.Day, TRUE AS IsNew, n.NewestDay AS BaseDay
FROM asked AS a
LEFT JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID
WHERE n.NewestDay IS NULL OR a.Day > n.NewestDay;
SET VARIABLE chained = EXISTS (FROM chained);
-- if getvariable('chained')
INSERT INTO chained
SELECT DISTINCT c.ChannelID, c.BaseDay, FALSE, c.BaseDay FROM chained AS c WHERE c.BaseDay IS NOT NULL;
-- if getvariable('chained')
SET VARIABLE span = (
    SELECT {
        'FirstChannel': min(c.ChannelID), 'LastChannel': max(c.ChannelID), 'FirstDay': min(c.Day), 'LastDay': max(c.Day)
    }
    FROM chained AS c
);

-- if getvariable('chained')
-- what each channel's newest day was judged by
CREATE OR REPLACE TEMP TABLE based AS
SELECT
    m.ChannelID, m.Measure, m.Item, unnest(range(1, 9)) AS FieldNumber,
    unnest([m.Field1, m.Field2, m.Field3, m.Field4, m.Field5, m.Field6, m.Field7, m.Field8]) AS Amount
FROM iot.AnomalyModels AS m
WHERE m.ChannelID IN (SELECT c.ChannelID FROM chained AS c);

-- if getvariable('chained')
-- the values of the days, each with the one before
CREATE OR REPLACE TEMP TABLE valued AS
WITH
begun AS (
    SELECT
        b.ChannelID, b.FieldNumber, max(b.Amount) FILTER (b.Item = 8) AS LastValue,
        max(b.Amount) FILTER (b.Item = 9) AS LastAt, max(b.Amount) FILTER (b.Item = 10) AS LastRunAt
    FROM based AS b
    WHERE b.Measure = 'KNOWN'
    GROUP BY b.ChannelID, b.FieldNumber
),
given AS (
    SELECT
        c.ChannelID, c.Day, r.CreatedAt, r.Epoch, r.EntryID, unnest(range(1, 9)) AS FieldNumber,
        unnest([r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8])::DOUBLE AS Amount
    FROM iot.CurrentReadings AS r
    JOIN chained AS c ON c.ChannelID = r.ChannelID AND c.Day = r.CreatedAt::DATE
    WHERE
        r.ChannelID BETWEEN getvariable('span').FirstChannel AND getvariable('span').LastChannel
        AND r.CreatedAt >= getvariable('span').FirstDay AND r.CreatedAt < getvariable('span').LastDay + 1
),
followed AS (
    SELECT
        g.ChannelID, g.Day, g.FieldNumber, g.CreatedAt, g.Amount, epoch(g.CreatedAt) AS At, b.LastRunAt,
        row_number() OVER straight AS Place,
        coalesce(lag(g.Amount) OVER straight, b.LastValue) AS Before,
        coalesce(lag(epoch(g.CreatedAt)) OVER straight, b.LastAt) AS BeforeAt
    FROM given AS g
    LEFT JOIN begun AS b ON b.ChannelID = g.ChannelID AND b.FieldNumber = g.FieldNumber
    WHERE g.Amount IS NOT NULL
    WINDOW straight AS (PARTITION BY g.ChannelID, g.FieldNumber ORDER BY g.CreatedAt, g.Epoch, g.EntryID)
)
SELECT
    r.*,
    CASE WHEN r.Before <> r.Amount
        THEN r.BeforeAt
            - coalesce(lag(r.RunAt) OVER (PARTITION BY r.ChannelID, r.FieldNumber ORDER BY r.Place), r.LastRunAt)
    END AS StayedFor,
    count(*) OVER (PARTITION BY r.ChannelID, r.FieldNumber, r.Day) AS OfDay
FROM (
    SELECT
        f.*,
        coalesce(
            max(CASE WHEN f.Before <> f.Amount THEN f.At END) OVER (
                PARTITION BY f.ChannelID, f.FieldNumber ORDER BY f.Place
            ),
            f.LastRunAt, first_value(f.At) OVER (PARTITION BY f.ChannelID, f.FieldNumber ORDER BY f.Place)
        ) AS RunAt
    FROM followed AS f
) AS r;

-- if getvariable('chained')
-- what is known before each day
CREATE OR REPLACE TEMP TABLE knowledge AS
WITH
begun AS (
    SELECT
        b.ChannelID, b.FieldNumber,
        max(b.Amount) FILTER (b.Item = 0) AS Least, max(b.Amount) FILTER (b.Item = 1) AS Greatest,
        max(b.Amount) FILTER (b.Item = 2) AS Days, max(b.Amount) FILTER (b.Item = 3) AS Readings,
        max(b.Amount) FILTER (b.Item = 4) AS Ups, max(b.Amount) FILTER (b.Item = 5) AS Downs,
        max(b.Amount) FILTER (b.Item = 6) AS LongestRun, max(b.Amount) FILTER (b.Item = 7) AS Silences,
        max(b.Amount) FILTER (b.Item = 8) AS LastValue, max(b.Amount) FILTER (b.Item = 9) AS LastAt,
        max(b.Amount) FILTER (b.Item = 10) AS LastRunAt, max(b.Amount) FILTER (b.Item = 12) AS GreatestRise
    FROM based AS b
    WHERE b.Measure = 'KNOWN' AND b.Amount IS NOT NULL
    GROUP BY b.ChannelID, b.FieldNumber
),
days AS (
    SELECT
        v.ChannelID, v.Day, v.FieldNumber,
        min(v.Amount) AS Least, max(v.Amount) AS Greatest, count(*) AS Readings,
        count(*) FILTER (v.Amount > v.Before) AS Ups, count(*) FILTER (v.Amount < v.Before) AS Downs,
        max(v.StayedFor) AS LongestRun, max(v.Amount - v.Before) FILTER (v.Amount >= v.Before) AS GreatestRise,
        count(*) FILTER (v.At - v.BeforeAt > greatest(3600, 20 * 86400 / v.OfDay)) AS Silences,
        arg_max(v.Amount, v.Place) AS LastValue, max(v.At) AS LastAt, arg_max(v.RunAt, v.Place) AS LastRunAt
    FROM valued AS v
    GROUP BY v.ChannelID, v.Day, v.FieldNumber
),
fields AS (
    SELECT d.ChannelID, d.FieldNumber FROM days AS d
    UNION
    SELECT b.ChannelID, b.FieldNumber FROM begun AS b
),
stated AS (
    SELECT c.ChannelID, c.Day, c.IsNew, f.FieldNumber, d.* EXCLUDE (ChannelID, Day, FieldNumber)
    FROM chained AS c
    JOIN fields AS f ON f.ChannelID = c.ChannelID
    LEFT JOIN days AS d ON d.ChannelID = c.ChannelID AND d.Day = c.Day AND d.FieldNumber = f.FieldNumber
)
SELECT
    s.ChannelID, s.Day, s.IsNew, s.FieldNumber,
    least(b.Least, min(s.Least) OVER earlier) AS Least, greatest(b.Greatest, max(s.Greatest) OVER earlier) AS Greatest,
    coalesce(b.Days, 0) + count(s.Readings) OVER earlier AS Days,
    coalesce(b.Readings, 0) + coalesce(sum(s.Readings) OVER earlier, 0)::BIGINT AS Readings,
    coalesce(b.Ups, 0) + coalesce(sum(s.Ups) OVER earlier, 0)::BIGINT AS Ups,
    coalesce(b.Downs, 0) + coalesce(sum(s.Downs) OVER earlier, 0)::BIGINT AS Downs,
    greatest(b.LongestRun, max(s.LongestRun) OVER earlier) AS LongestRun,
    greatest(b.GreatestRise, max(s.GreatestRise) OVER earlier) AS GreatestRise,
    coalesce(b.Silences, 0) + coalesce(sum(s.Silences) OVER earlier, 0)::BIGINT AS Silences,
    coalesce(last_value(s.LastValue IGNORE NULLS) OVER earlier, b.LastValue) AS LastValue,
    coalesce(last_value(s.LastAt IGNORE NULLS) OVER earlier, b.LastAt) AS LastAt,
    coalesce(last_value(s.LastRunAt IGNORE NULLS) OVER earlier, b.LastRunAt) AS LastRunAt,
    iot.IsCounter(
        coalesce(b.Days, 0) + count(s.Readings) OVER earlier, coalesce(b.Ups, 0) + coalesce(sum(s.Ups) OVER earlier, 0),
        coalesce(b.Downs, 0) + coalesce(sum(s.Downs) OVER earlier, 0)
    ) AS IsCounter,
    coalesce(sum(s.Readings) OVER earlier, 0)::BIGINT AS PlacesBefore
FROM stated AS s
LEFT JOIN begun AS b ON b.ChannelID = s.ChannelID AND b.FieldNumber = s.FieldNumber
WINDOW earlier AS (
    PARTITION BY s.ChannelID, s.FieldNumber ORDER BY s.Day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
);

-- if getvariable('chained')
-- the level and the spread of each hour of the days, by the 28 days before: hours of the week shrink towards hours of
-- the day, these towards all hours, the more the fewer they are
CREATE OR REPLACE TEMP TABLE profiles AS
WITH
hours AS MATERIALIZED (
    SELECT
        g.ChannelID, g.PeriodStart::DATE AS Day, hour(g.PeriodStart) AS Hour,
        unnest([1, 2, 3, 4, 5, 6, 7, 8]) AS FieldNumber,
        unnest([
            -- each field, comma between
            {
                'Avg': g.Field#Avg, 'StdDev': g.Field#StdDev,
                'Rise': (g.Field#Max - g.Field#Min)::DOUBLE / g.Field#Count
            }
            -- end
        ], recursive := TRUE)
    FROM iot.AggregatedData AS g
    WHERE
        g.AggregationType = 'HOURLY'
        AND g.ChannelID BETWEEN getvariable('span').FirstChannel AND getvariable('span').LastChannel
        AND g.PeriodStart >= getvariable('span').FirstDay - 28 AND g.PeriodStart < getvariable('span').LastDay
),
sourced AS (
    SELECT
        w.ChannelID, w.Day, w.FieldNumber, h.Hour, isodow(h.Day) = isodow(w.Day) AS IsOfWeekday,
        CASE WHEN w.IsCounter THEN h.Rise ELSE h.Avg END AS Level,
        CASE WHEN w.IsCounter THEN h.Rise * h.Rise ELSE coalesce(h.StdDev * h.StdDev, 0) END AS Variance
    FROM knowledge AS w
    JOIN hours AS h
        ON h.ChannelID = w.ChannelID AND h.FieldNumber = w.FieldNumber AND h.Day >= w.Day - 28 AND h.Day < w.Day
    WHERE w.IsNew AND h.Avg IS NOT NULL
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
    b.ChannelID, c.Day, b.FieldNumber, b.Item,
    max(b.Amount) FILTER (b.Measure = 'LEVEL'), max(b.Amount) FILTER (b.Measure = 'SPREAD')
FROM based AS b
JOIN chained AS c ON c.ChannelID = b.ChannelID AND NOT c.IsNew
WHERE b.Measure IN ('LEVEL', 'SPREAD') AND b.Amount IS NOT NULL
GROUP BY b.ChannelID, c.Day, b.FieldNumber, b.Item;

-- if getvariable('chained')
-- how far each value was, and how much the last twenty-four leant to one side; places from -1 down are of before
CREATE OR REPLACE TEMP TABLE deviations AS
WITH
measured AS (
    SELECT
        v.ChannelID, v.FieldNumber, v.Place, v.Day,
        iot.Deviation(iot.JudgedValue(v.Amount, v.Before, k.IsCounter), p.Level, p.Spread) AS Deviation
    FROM valued AS v
    JOIN knowledge AS k ON k.ChannelID = v.ChannelID AND k.Day = v.Day AND k.FieldNumber = v.FieldNumber
    LEFT JOIN profiles AS p
        ON p.ChannelID = v.ChannelID AND p.Day = v.Day AND p.FieldNumber = v.FieldNumber AND p.Hour = hour(v.CreatedAt)
    UNION ALL
    SELECT b.ChannelID, b.FieldNumber, -b.Item, NULL, b.Amount
    FROM based AS b
    WHERE b.Measure = 'LAST' AND b.Amount IS NOT NULL
)
SELECT
    m.*,
    abs(avg(iot.Clipped(m.Deviation)) OVER (
        PARTITION BY m.ChannelID, m.FieldNumber ORDER BY m.Place ROWS 23 PRECEDING
    )) AS Lean
FROM measured AS m;

-- if getvariable('chained')
INSERT INTO iot.AnomalyModelsKept
SELECT m.* FROM iot.AnomalyModels AS m WHERE m.ChannelID IN (SELECT c.ChannelID FROM chained AS c);
-- if getvariable('chained')
DELETE FROM iot.AnomalyModels AS m WHERE m.ChannelID IN (SELECT c.ChannelID FROM chained AS c);
-- if getvariable('chained')
INSERT OR REPLACE INTO iot.AnomalyChannels
SELECT c.ChannelID, least(any_value(n.FirstDay), min(c.Day)), max(c.Day)
FROM chained AS c
LEFT JOIN iot.AnomalyChannels AS n ON n.ChannelID = c.ChannelID
GROUP BY c.ChannelID;
-- if getvariable('chained')
CREATE OR REPLACE TEMP TABLE models AS
WITH
binned AS (
    SELECT d.ChannelID, d.FieldNumber, d.Day, b.Measure, iot.ScoreBin(b.Amount) AS Bin, count(*) AS Readings
    FROM deviations AS d, LATERAL (
        SELECT unnest(['FAR', 'LEAN']) AS Measure, unnest([abs(d.Deviation), d.Lean]) AS Amount
    ) AS b
    WHERE d.Deviation IS NOT NULL AND d.Day IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT b.ChannelID, b.FieldNumber, NULL, b.Measure, b.Item, b.Amount
    FROM based AS b
    WHERE b.Measure IN ('FAR', 'LEAN') AND b.Amount IS NOT NULL
),
stated AS (
    SELECT p.ChannelID, p.Day, 'LEVEL' AS Measure, p.Hour AS Item, p.FieldNumber, p.Level AS Amount FROM profiles AS p
    UNION ALL
    SELECT p.ChannelID, p.Day, 'SPREAD', p.Hour, p.FieldNumber, p.Spread FROM profiles AS p
    UNION ALL
    SELECT c.ChannelID, c.Day, b.Measure, b.Bin, b.FieldNumber, sum(b.Readings)
    FROM chained AS c
    JOIN binned AS b ON b.ChannelID = c.ChannelID AND (b.Day IS NULL OR b.Day < c.Day)
    WHERE c.IsNew
    GROUP BY ALL
    UNION ALL
    SELECT
        k.ChannelID, k.Day, 'KNOWN', unnest(range(13)), k.FieldNumber,
        unnest([
            k.Least, k.Greatest, k.Days, k.Readings, k.Ups, k.Downs, k.LongestRun, k.Silences,
            k.LastValue, k.LastAt, k.LastRunAt, k.IsCounter::DOUBLE,
            k.GreatestRise
        ])
    FROM knowledge AS k
    UNION ALL
    SELECT k.ChannelID, k.Day, 'LAST', k.Item, k.FieldNumber, d.Deviation
    FROM (SELECT n.*, unnest(range(1, 24)) AS Item FROM knowledge AS n WHERE n.IsNew) AS k
    JOIN deviations AS d
        ON d.ChannelID = k.ChannelID AND d.FieldNumber = k.FieldNumber
        AND d.Place = k.PlacesBefore + 1 - k.Item - (k.PlacesBefore < k.Item)::INTEGER
)
SELECT
    s.ChannelID, s.Day, s.Measure, s.Item,
    max(s.Amount) FILTER (s.FieldNumber = #) AS Field# -- each field, comma between
FROM stated AS s
JOIN chained AS c ON c.ChannelID = s.ChannelID AND c.Day = s.Day AND c.IsNew
GROUP BY s.ChannelID, s.Day, s.Measure, s.Item
HAVING count(s.Amount) > 0;
-- if getvariable('chained')
INSERT INTO iot.AnomalyModels
SELECT m.* FROM models AS m JOIN iot.AnomalyChannels AS n ON n.ChannelID = m.ChannelID AND n.NewestDay = m.Day
ORDER BY m.ChannelID, m.Measure, m.Item;
-- if getvariable('chained')
INSERT INTO iot.AnomalyModelsKept
SELECT m.* FROM models AS m JOIN iot.AnomalyChannels AS n ON n.ChannelID = m.ChannelID AND n.NewestDay > m.Day
ORDER BY m.ChannelID, m.Day, m.Measure, m.Item;
