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

CREATE OR REPLACE TEMP TABLE made AS
WITH
sourced AS NOT MATERIALIZED (
    SELECT t.Period, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    JOIN taken AS t ON t.ChannelID = r.ChannelID AND t.PeriodStart = date_trunc('hour', r.CreatedAt)
    WHERE
        t.AggregationType = 'HOURLY'
        AND r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').FirstHour
        AND r.CreatedAt < getvariable('bounds').LastHour + INTERVAL 1 HOUR
),
-- include period_statistics
SELECT t.*, s.* EXCLUDE (Period) FROM statistics AS s JOIN taken AS t ON t.Period = s.Period;

-- if getvariable('bounds').FirstWhole IS NOT NULL
INSERT INTO made
WITH
hours AS (
    SELECT g.ChannelID, g.PeriodStart, g.ReadingCount, COLUMNS('Field\d(Count|Sum|Min|Max|StdDev)')
    FROM iot.AggregatedData AS g
    ANTI JOIN (SELECT t.HeldRow FROM taken AS t WHERE t.AggregationType = 'HOURLY') AS n ON n.HeldRow = g.rowid
    WHERE
        g.AggregationType = 'HOURLY'
        AND g.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND g.PeriodStart >= getvariable('bounds').FirstWhole AND g.PeriodStart < getvariable('bounds').EndOfWholes
    UNION ALL BY NAME
    SELECT m.ChannelID, m.PeriodStart, m.ReadingCount, COLUMNS('Field\d(Count|Sum|Min|Max|StdDev)')
    FROM made AS m
    WHERE
        m.PeriodStart >= getvariable('bounds').FirstWhole AND m.PeriodStart < getvariable('bounds').EndOfWholes
),
parts AS MATERIALIZED (
    SELECT t.Period, h.* EXCLUDE (ChannelID, PeriodStart)
    FROM (
        SELECT
            o.*,
            unnest([
                {'Whole': 'DAILY', 'WholeStart': date_trunc('day', o.PeriodStart)},
                {'Whole': 'WEEKLY', 'WholeStart': date_trunc('week', o.PeriodStart)}
            ], recursive := TRUE)
        FROM hours AS o
    ) AS h
    JOIN taken AS t
        ON t.ChannelID = h.ChannelID AND t.AggregationType = h.Whole AND t.PeriodStart = h.WholeStart
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
