-- Recompute the periods of due(ChannelID, AggregationType, PeriodStart), exactly those: hours from the readings,
-- days and weeks from the hours. One without readings loses its row; all lose their marks. The variable bounds
-- gives zone maps constants, so that the rest of the history stays unread.
SET VARIABLE bounds = (
    SELECT {
        'FirstChannel': min(d.ChannelID), 'LastChannel': max(d.ChannelID),
        'FirstAt': min(d.PeriodStart), 'LastAt': max(d.PeriodStart),
        'FirstHour': min(d.PeriodStart) FILTER (d.AggregationType = 'HOURLY'),
        'LastHour': max(d.PeriodStart) FILTER (d.AggregationType = 'HOURLY'),
        'FirstWhole': min(d.PeriodStart) FILTER (d.AggregationType <> 'HOURLY'),
        'EndOfWholes': max(d.PeriodStart) FILTER (d.AggregationType <> 'HOURLY') + INTERVAL 7 DAY
    }
    FROM due AS d
);

-- in the order in which AggregatedData holds the rows: to update them in another one costs many times as much
CREATE OR REPLACE TEMP TABLE taken AS
SELECT
    row_number() OVER (ORDER BY g.rowid, d.ChannelID, d.PeriodStart) AS Period, d.*,
    least(
        d.PeriodStart + CASE d.AggregationType
            WHEN 'HOURLY' THEN INTERVAL 1 HOUR
            WHEN 'DAILY' THEN INTERVAL 1 DAY
            ELSE INTERVAL 7 DAY
        END,
        TIMESTAMP '9999-12-31 23:59:59.999999'
    ) AS PeriodEnd,
    g.rowid AS HeldRow
FROM due AS d
LEFT JOIN iot.AggregatedData AS g
    ON g.ChannelID = d.ChannelID AND g.AggregationType = d.AggregationType AND g.PeriodStart = d.PeriodStart
    AND g.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
    AND g.PeriodStart BETWEEN getvariable('bounds').FirstAt AND getvariable('bounds').LastAt;

-- in few periods fields stand one below the other, period 8 * n being the first field of period n: to plan for eight
-- beside one another takes longer than to compute them
SET VARIABLE periods_taken = (
    SELECT {'AreFew': count(*) <= 2000, 'AnyIsNew': bool_or(t.HeldRow IS NULL)} FROM taken AS t
);

-- if getvariable('periods_taken').AreFew
CREATE OR REPLACE TEMP TABLE stated AS
WITH
sourced AS MATERIALIZED (
    SELECT
        8 * t.Period + unnest(range(8)) AS Period,
        unnest([r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8]) AS Field1
-- include readings_taken
),
-- include period_statistics of one field
SELECT s.* FROM statistics AS s;

-- if getvariable('periods_taken').AreFew AND getvariable('bounds').FirstWhole IS NOT NULL
INSERT INTO stated
WITH
hours AS (
    SELECT
        g.ChannelID, g.PeriodStart, g.ReadingCount, unnest(range(8)) AS Place,
        unnest([
            g.Field#Count -- each field, comma between
        ]) AS Field1Count,
        unnest([
            g.Field#Sum -- each field, comma between
        ]) AS Field1Sum,
        unnest([
            g.Field#Min -- each field, comma between
        ]) AS Field1Min,
        unnest([
            g.Field#Max -- each field, comma between
        ]) AS Field1Max,
        unnest([
            g.Field#StdDev -- each field, comma between
        ]) AS Field1StdDev
-- include hours_held
    UNION ALL BY NAME
    SELECT
        t.ChannelID, t.PeriodStart, s.ReadingCount, s.Period % 8 AS Place,
        s.Field1Count, s.Field1Sum, s.Field1Min, s.Field1Max, s.Field1StdDev
    FROM stated AS s
    JOIN taken AS t ON t.Period = s.Period // 8
    WHERE
        t.PeriodStart >= getvariable('bounds').FirstWhole AND t.PeriodStart < getvariable('bounds').EndOfWholes
),
parts AS MATERIALIZED (
    SELECT 8 * t.Period + h.Place AS Period, h.* EXCLUDE (ChannelID, PeriodStart, Place, Whole, WholeStart)
-- include wholes_of_hours
),
-- include merged_statistics of one field
SELECT m.* FROM merged AS m;

-- if getvariable('periods_taken').AreFew
CREATE OR REPLACE TEMP TABLE made AS
SELECT
    t.*,
    -- each field
    p.Avgs[#] AS Field#Avg, p.Mins[#] AS Field#Min, p.Maxs[#] AS Field#Max,
    p.StdDevs[#] AS Field#StdDev, p.Counts[#] AS Field#Count, p.Sums[#] AS Field#Sum,
    -- end
    p.ReadingCount
FROM (
    SELECT
        s.Period // 8 AS Period, any_value(s.ReadingCount) AS ReadingCount,
        list(s.Field1Avg ORDER BY s.Period) AS Avgs, list(s.Field1Min ORDER BY s.Period) AS Mins,
        list(s.Field1Max ORDER BY s.Period) AS Maxs, list(s.Field1StdDev ORDER BY s.Period) AS StdDevs,
        list(s.Field1Count ORDER BY s.Period) AS Counts, list(s.Field1Sum ORDER BY s.Period) AS Sums
    FROM stated AS s
    GROUP BY s.Period // 8
) AS p
JOIN taken AS t ON t.Period = p.Period;

-- if NOT getvariable('periods_taken').AreFew
CREATE OR REPLACE TEMP TABLE made AS
WITH
sourced AS NOT MATERIALIZED (
    SELECT t.Period, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
-- include readings_taken
),
-- include period_statistics
SELECT t.*, s.* EXCLUDE (Period) FROM statistics AS s JOIN taken AS t ON t.Period = s.Period;

-- if NOT getvariable('periods_taken').AreFew AND getvariable('bounds').FirstWhole IS NOT NULL
INSERT INTO made
WITH
hours AS (
    SELECT g.ChannelID, g.PeriodStart, g.ReadingCount, COLUMNS('Field\d(Count|Sum|Min|Max|StdDev)')
-- include hours_held
    UNION ALL BY NAME
    SELECT m.ChannelID, m.PeriodStart, m.ReadingCount, COLUMNS('Field\d(Count|Sum|Min|Max|StdDev)')
    FROM made AS m
    WHERE
        m.PeriodStart >= getvariable('bounds').FirstWhole AND m.PeriodStart < getvariable('bounds').EndOfWholes
),
parts AS MATERIALIZED (
    SELECT t.Period, h.* EXCLUDE (ChannelID, PeriodStart)
-- include wholes_of_hours
),
-- include merged_statistics
SELECT t.*, s.* EXCLUDE (Period) FROM merged AS s JOIN taken AS t ON t.Period = s.Period;

UPDATE iot.AggregatedData AS g
SET
    -- each field
    Field#Avg = m.Field#Avg, Field#Min = m.Field#Min, Field#Max = m.Field#Max,
    Field#StdDev = m.Field#StdDev, Field#Count = m.Field#Count, Field#Sum = m.Field#Sum,
    -- end
    ReadingCount = m.ReadingCount, CreatedAt = make_timestamp(epoch_us(now()))
FROM (SELECT * FROM made AS a WHERE a.HeldRow IS NOT NULL ORDER BY a.HeldRow) AS m
WHERE g.rowid = m.HeldRow;

-- if getvariable('periods_taken').AnyIsNew
INSERT INTO iot.AggregatedData (
    ChannelID, AggregationType, PeriodStart, PeriodEnd,
    Field#Avg, Field#Min, Field#Max, Field#StdDev, Field#Count, Field#Sum, -- each field
    ReadingCount
)
SELECT
    m.ChannelID, m.AggregationType, m.PeriodStart, m.PeriodEnd,
    m.Field#Avg, m.Field#Min, m.Field#Max, m.Field#StdDev, m.Field#Count, m.Field#Sum, -- each field
    m.ReadingCount
FROM made AS m
WHERE m.HeldRow IS NULL
ORDER BY m.AggregationType, m.ChannelID, m.PeriodStart;

DELETE FROM iot.AggregatedData AS g
USING (SELECT t.HeldRow FROM taken AS t ANTI JOIN made AS m ON m.Period = t.Period) AS e
WHERE g.rowid = e.HeldRow;

DELETE FROM iot.PeriodMarks AS m
USING taken AS t
WHERE
    m.ChannelID = t.ChannelID AND m.AggregationType = t.AggregationType AND m.PeriodStart = t.PeriodStart;

INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT t.ChannelID, t.PeriodStart::DATE FROM taken AS t WHERE t.AggregationType = 'HOURLY'
ON CONFLICT DO NOTHING;

-- what is made of these readings is to be computed anew
INSERT INTO iot.DerivedMarks (ChannelID, Hour)
SELECT DISTINCT s.ChannelID, t.PeriodStart
FROM taken AS t
JOIN iot.DerivedSources AS s ON s.SourceChannelID = t.ChannelID
WHERE t.AggregationType = 'HOURLY';
