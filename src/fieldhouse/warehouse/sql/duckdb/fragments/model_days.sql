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
-- if getvariable('chained') AND EXISTS (FROM iot.AnomalyChannels AS n WHERE n.RewoundFrom IS NOT NULL)
-- where a label has taken models back, those of days judged since are made as well
INSERT INTO chained
SELECT c.ChannelID, g.PeriodStart::DATE, TRUE, c.Day
FROM chained AS c
JOIN iot.AnomalyChannels AS n ON n.ChannelID = c.ChannelID
JOIN iot.AggregatedData AS g ON g.ChannelID = c.ChannelID AND g.AggregationType = 'DAILY'
ANTI JOIN chained AS h ON h.ChannelID = c.ChannelID AND h.Day = g.PeriodStart::DATE
WHERE NOT c.IsNew AND g.PeriodStart::DATE > c.Day AND g.PeriodStart::DATE <= n.RewoundFrom;
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
    count(*) OVER (PARTITION BY r.ChannelID, r.FieldNumber, r.Day) AS OfDay,
    -- the value before, where it is not much older than usual
    CASE WHEN r.At - r.BeforeAt <= 259200 / OfDay THEN r.Before END AS Near, FALSE AS IsOut
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

SET VARIABLE excepted = getvariable('chained') AND EXISTS (FROM iot.AnomalyLabels AS l WHERE l.IsReal);
-- if getvariable('excepted')
-- what was said to be wrong teaches nothing, nor does the step back from it
UPDATE valued AS v
SET IsOut = TRUE, Near = NULL
FROM iot.AnomalyLabels AS l
WHERE
    l.IsReal AND l.Family IN ('VALUE', 'STUCK', 'DRIFT') AND l.ChannelID = v.ChannelID
    AND l.FieldNumber = v.FieldNumber AND v.CreatedAt BETWEEN l.StartedAt AND l.EndedAt;
-- if getvariable('excepted')
UPDATE valued AS v
SET Near = NULL, StayedFor = NULL
FROM (SELECT o.ChannelID, o.FieldNumber, o.Place FROM valued AS o WHERE o.IsOut) AS w
WHERE w.ChannelID = v.ChannelID AND w.FieldNumber = v.FieldNumber AND w.Place = v.Place - 1;

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
        max(b.Amount) FILTER (b.Item = 10) AS LastRunAt, max(b.Amount) FILTER (b.Item = 12) AS GreatestRise,
        max(b.Amount) FILTER (b.Item = 13) AS LongestOther, max(b.Amount) FILTER (b.Item = 14) AS Zeros,
        max(b.Amount) FILTER (b.Item = 15) AS Ones, max(b.Amount) FILTER (b.Item = 16) AS Turns,
        list(b.Amount) FILTER (b.Item BETWEEN 17 AND 20) AS Steps,
        max(b.Amount) FILTER (b.Item = 21) AS Sines, max(b.Amount) FILTER (b.Item = 22) AS Cosines
    FROM based AS b
    WHERE b.Measure = 'KNOWN' AND b.Amount IS NOT NULL
    GROUP BY b.ChannelID, b.FieldNumber
),
days AS (
    SELECT
        v.ChannelID, v.Day, v.FieldNumber,
        min(v.Told) AS Least, max(v.Told) AS Greatest, count(v.Told) AS Readings,
        count(*) FILTER (v.Told > v.Before) AS Ups, count(*) FILTER (v.Told < v.Before) AS Downs,
        max(v.StayedFor) AS LongestRun, max(v.StayedFor) FILTER (v.Before <> 0) AS LongestOther,
        max(v.Told - v.Near) FILTER (v.Told >= v.Near) AS GreatestRise, max(abs(v.Told - v.Near)) AS Step,
        count(*) FILTER (v.Told = 0) AS Zeros, count(*) FILTER (v.Told = 1) AS Ones,
        count(*) FILTER (abs(v.Told - v.Before) > 180) AS Turns,
        sum(sin(radians(v.Told))) AS Sines, sum(cos(radians(v.Told))) AS Cosines,
        count(*) FILTER (v.At - v.BeforeAt > greatest(3600, 20 * 86400 / v.OfDay)) AS Silences,
        arg_max(v.Amount, v.Place) AS LastValue, max(v.At) AS LastAt, arg_max(v.RunAt, v.Place) AS LastRunAt,
        max(v.Place) AS LastPlace
    FROM (SELECT x.*, CASE WHEN NOT x.IsOut THEN x.Amount END AS Told FROM valued AS x) AS v
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
    k.* EXCLUDE (Steps), list_sort(k.Steps, 'DESC', 'NULLS LAST')[:4] AS Steps,
    iot.NatureOf(k.Days, k.Readings, k.Ups, k.Downs, k.Zeros, k.Ones, k.Turns, k.Least, k.Greatest) AS Nature
FROM (
    SELECT
        s.ChannelID, s.Day, s.IsNew, s.FieldNumber,
        least(b.Least, min(s.Least) OVER earlier) AS Least,
        greatest(b.Greatest, max(s.Greatest) OVER earlier) AS Greatest,
        coalesce(b.Days, 0) + count(s.Readings) OVER earlier AS Days,
        coalesce(b.Readings, 0) + coalesce(sum(s.Readings) OVER earlier, 0)::BIGINT AS Readings,
        coalesce(b.Ups, 0) + coalesce(sum(s.Ups) OVER earlier, 0)::BIGINT AS Ups,
        coalesce(b.Downs, 0) + coalesce(sum(s.Downs) OVER earlier, 0)::BIGINT AS Downs,
        coalesce(b.Zeros, 0) + coalesce(sum(s.Zeros) OVER earlier, 0)::BIGINT AS Zeros,
        coalesce(b.Ones, 0) + coalesce(sum(s.Ones) OVER earlier, 0)::BIGINT AS Ones,
        coalesce(b.Turns, 0) + coalesce(sum(s.Turns) OVER earlier, 0)::BIGINT AS Turns,
        coalesce(b.Sines, 0) + coalesce(sum(s.Sines) OVER earlier, 0) AS Sines,
        coalesce(b.Cosines, 0) + coalesce(sum(s.Cosines) OVER earlier, 0) AS Cosines,
        greatest(b.LongestRun, max(s.LongestRun) OVER earlier) AS LongestRun,
        greatest(b.LongestOther, max(s.LongestOther) OVER earlier) AS LongestOther,
        greatest(b.GreatestRise, max(s.GreatestRise) OVER earlier) AS GreatestRise,
        list_concat(b.Steps, list(s.Step) OVER earlier) AS Steps,
        coalesce(b.Silences, 0) + coalesce(sum(s.Silences) OVER earlier, 0)::BIGINT AS Silences,
        coalesce(last_value(s.LastValue IGNORE NULLS) OVER earlier, b.LastValue) AS LastValue,
        coalesce(last_value(s.LastAt IGNORE NULLS) OVER earlier, b.LastAt) AS LastAt,
        coalesce(last_value(s.LastRunAt IGNORE NULLS) OVER earlier, b.LastRunAt) AS LastRunAt,
        coalesce(max(s.LastPlace) OVER earlier, 0) AS PlacesBefore
    FROM stated AS s
    LEFT JOIN begun AS b ON b.ChannelID = s.ChannelID AND b.FieldNumber = s.FieldNumber
    WINDOW earlier AS (
        PARTITION BY s.ChannelID, s.FieldNumber ORDER BY s.Day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
) AS k;

-- if getvariable('chained')
-- the hours of the days, and of the 28 before
CREATE OR REPLACE TEMP TABLE hours AS
SELECT h.*
FROM (
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
) AS h
WHERE
    h.Avg IS NOT NULL
    AND NOT EXISTS (
        FROM iot.AnomalyLabels AS l
        WHERE
            l.IsReal AND l.Family IN ('VALUE', 'STUCK', 'DRIFT') AND l.ChannelID = h.ChannelID
            AND l.FieldNumber = h.FieldNumber AND l.EndedAt >= h.Day + to_hours(h.Hour)
            AND l.StartedAt < h.Day + to_hours(h.Hour + 1)
    );

-- if getvariable('chained')
-- where the last week lay, and the three before it
CREATE OR REPLACE TEMP TABLE weeks AS
WITH
days AS (
    SELECT h.ChannelID, h.FieldNumber, h.Day, avg(h.Avg) AS Level FROM hours AS h GROUP BY ALL
),
placed AS MATERIALIZED (
    SELECT k.ChannelID, k.Day, k.FieldNumber, d.Day >= k.Day - 7 AS IsNear, d.Level
    FROM knowledge AS k
    JOIN days AS d
        ON d.ChannelID = k.ChannelID AND d.FieldNumber = k.FieldNumber AND d.Day >= k.Day - 28 AND d.Day < k.Day
    WHERE k.IsNew AND k.Nature = 0
),
middles AS (
    SELECT
        p.ChannelID, p.Day, p.FieldNumber, median(p.Level) FILTER (p.IsNear) AS Week,
        median(p.Level) FILTER (NOT p.IsNear) AS Older
    FROM placed AS p
    GROUP BY ALL
    HAVING count(*) FILTER (p.IsNear) >= 5 AND count(*) FILTER (NOT p.IsNear) >= 14
)
SELECT m.*, 1.4826 * (median(abs(p.Level - m.Older)) FILTER (NOT p.IsNear)) AS Spread
FROM middles AS m
JOIN placed AS p ON p.ChannelID = m.ChannelID AND p.Day = m.Day AND p.FieldNumber = m.FieldNumber
GROUP BY ALL;

-- if getvariable('chained')
-- the level and the spread of each hour of the days, by the 28 days before: hours of the week shrink towards hours of
-- the day, these towards all hours, the more the fewer they are; but a light's dark hours are dark. Of a direction it
-- is the mean angle, and how far angles lie about it
CREATE OR REPLACE TEMP TABLE profiles AS
WITH
sourced AS (
    SELECT
        w.ChannelID, w.Day, w.FieldNumber, h.Hour, isodow(h.Day) = isodow(w.Day) AS IsOfWeekday,
        CASE WHEN w.Nature = 1 THEN h.Rise ELSE h.Avg END AS Level,
        CASE WHEN w.Nature = 1 THEN h.Rise * h.Rise ELSE coalesce(h.StdDev * h.StdDev, 0) END AS Variance
    FROM knowledge AS w
    JOIN hours AS h
        ON h.ChannelID = w.ChannelID AND h.FieldNumber = w.FieldNumber AND h.Day >= w.Day - 28 AND h.Day < w.Day
    WHERE w.IsNew
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
        median(abs(p.Level - m.Level)) AS Distance,
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
        (coalesce(d.Hours * d.Variance, 0) + 3 * a.Variance) / (coalesce(d.Hours, 0) + 3) AS Variance,
        coalesce(d.Hours >= 14 AND d.Level = 0 AND d.Distance = 0, FALSE) AS IsDark, a.Variance AS OfAll
    FROM spreads AS a
    CROSS JOIN (SELECT unnest(range(24)) AS Hour) AS n
    LEFT JOIN spreads AS d
        ON d.Kind = 'DAY' AND d.ChannelID = a.ChannelID AND d.Day = a.Day AND d.FieldNumber = a.FieldNumber
        AND d.Hour = n.Hour
    WHERE a.Kind = 'ALL'
)
SELECT
    d.ChannelID, d.Day, d.FieldNumber, d.Hour,
    CASE
        WHEN k.Nature = 5 THEN degrees(atan2(k.Sines, k.Cosines)) + CASE WHEN k.Sines < 0 THEN 360 ELSE 0 END
        WHEN k.Nature = 4 AND d.IsDark THEN 0
        ELSE (coalesce(w.Hours * w.Level, 0) + 3 * d.Level) / (coalesce(w.Hours, 0) + 3)
    END AS Level,
    CASE
        WHEN k.Nature = 5 THEN iot.AngularSpread(k.Sines, k.Cosines, k.Readings)
        WHEN k.Nature = 4 AND d.IsDark THEN sqrt(d.OfAll) / 20
        ELSE sqrt((coalesce(w.Hours * w.Variance, 0) + 3 * d.Variance) / (coalesce(w.Hours, 0) + 3))
    END AS Spread
FROM of_days AS d
JOIN knowledge AS k ON k.ChannelID = d.ChannelID AND k.Day = d.Day AND k.FieldNumber = d.FieldNumber
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
        CASE
            WHEN NOT v.IsOut
                THEN iot.Deviation(iot.JudgedValue(v.Amount, v.Near, k.Nature, p.Level), p.Level, p.Spread)
        END AS Deviation
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
SELECT c.ChannelID, least(any_value(n.FirstDay), min(c.Day)), max(c.Day), NULL
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
        k.ChannelID, k.Day, 'KNOWN', unnest(range(26)), k.FieldNumber,
        unnest([
            k.Least, k.Greatest, k.Days, k.Readings, k.Ups, k.Downs, k.LongestRun, k.Silences,
            k.LastValue, k.LastAt, k.LastRunAt, k.Nature::DOUBLE,
            k.GreatestRise, k.LongestOther, k.Zeros, k.Ones, k.Turns,
            k.Steps[1], k.Steps[2], k.Steps[3], k.Steps[4], k.Sines, k.Cosines, w.Week, w.Older, w.Spread
        ])
    FROM knowledge AS k
    LEFT JOIN weeks AS w ON w.ChannelID = k.ChannelID AND w.Day = k.Day AND w.FieldNumber = k.FieldNumber
    UNION ALL
    -- from where to where what was found was said to be right
    SELECT
        c.ChannelID, c.Day, 'KNOWN',
        unnest([
            CASE l.Family WHEN 'VALUE' THEN 26 WHEN 'SILENCE' THEN 28 WHEN 'FALL' THEN 30 ELSE 32 END,
            CASE l.Family WHEN 'VALUE' THEN 27 WHEN 'SILENCE' THEN 29 WHEN 'FALL' THEN 31 ELSE 33 END
        ]),
        f.FieldNumber,
        unnest([min(l.Low), max(l.High)])
    FROM chained AS c
    JOIN iot.AnomalyLabels AS l ON l.ChannelID = c.ChannelID AND l.StartedAt < c.Day
    JOIN (SELECT unnest(range(1, 9)) AS FieldNumber) AS f ON l.FieldNumber IN (0, f.FieldNumber)
    WHERE NOT l.IsReal AND l.Family <> 'STUCK'
    GROUP BY c.ChannelID, c.Day, l.Family, f.FieldNumber
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
