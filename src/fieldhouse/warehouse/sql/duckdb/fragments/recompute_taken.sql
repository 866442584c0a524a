-- Recompute the periods that stand in taken(Period, ChannelID, PeriodStart), exactly those; the variable unit
-- names their length. Bounds as constants, so that zone maps leave the rest of the history unread.
SET VARIABLE length = CASE getvariable('unit')
    WHEN 'hour' THEN INTERVAL 1 HOUR WHEN 'day' THEN INTERVAL 1 DAY ELSE INTERVAL 7 DAY END;
SET VARIABLE first_channel = (SELECT min(ChannelID) FROM taken);
SET VARIABLE last_channel = (SELECT max(ChannelID) FROM taken);
SET VARIABLE first_at = (SELECT min(PeriodStart) FROM taken);
SET VARIABLE end_at = (SELECT max(PeriodStart) FROM taken) + getvariable('length');

INSERT INTO iot.AggregatedData (
    ChannelID, AggregationType, PeriodStart, PeriodEnd,
    Field1Avg, Field1Min, Field1Max, Field1StdDev, Field1Count,
    Field2Avg, Field2Min, Field2Max, Field2StdDev, Field2Count,
    Field3Avg, Field3Min, Field3Max, Field3StdDev, Field3Count,
    Field4Avg, Field4Min, Field4Max, Field4StdDev, Field4Count,
    Field5Avg, Field5Min, Field5Max, Field5StdDev, Field5Count,
    Field6Avg, Field6Min, Field6Max, Field6StdDev, Field6Count,
    Field7Avg, Field7Min, Field7Max, Field7StdDev, Field7Count,
    Field8Avg, Field8Min, Field8Max, Field8StdDev, Field8Count,
    ReadingCount
)
WITH
sourced AS NOT MATERIALIZED (
    SELECT t.Period, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    JOIN taken AS t ON t.ChannelID = r.ChannelID AND t.PeriodStart = date_trunc(getvariable('unit'), r.CreatedAt)
    WHERE
        r.ChannelID BETWEEN getvariable('first_channel') AND getvariable('last_channel')
        AND r.CreatedAt >= getvariable('first_at') AND r.CreatedAt < getvariable('end_at')
),
-- include period_statistics
SELECT
    t.ChannelID, upper($aggregation_type), t.PeriodStart,
    least(t.PeriodStart + getvariable('length'), TIMESTAMP '9999-12-31 23:59:59.999999'),
    p.Field1Avg, p.Field1Min, p.Field1Max, p.Field1StdDev, p.Field1Count,
    p.Field2Avg, p.Field2Min, p.Field2Max, p.Field2StdDev, p.Field2Count,
    p.Field3Avg, p.Field3Min, p.Field3Max, p.Field3StdDev, p.Field3Count,
    p.Field4Avg, p.Field4Min, p.Field4Max, p.Field4StdDev, p.Field4Count,
    p.Field5Avg, p.Field5Min, p.Field5Max, p.Field5StdDev, p.Field5Count,
    p.Field6Avg, p.Field6Min, p.Field6Max, p.Field6StdDev, p.Field6Count,
    p.Field7Avg, p.Field7Min, p.Field7Max, p.Field7StdDev, p.Field7Count,
    p.Field8Avg, p.Field8Min, p.Field8Max, p.Field8StdDev, p.Field8Count,
    p.ReadingCount
FROM statistics AS p
JOIN taken AS t ON t.Period = p.Period
ON CONFLICT (ChannelID, AggregationType, PeriodStart) DO UPDATE SET
    PeriodEnd = excluded.PeriodEnd,
    Field1Avg = excluded.Field1Avg, Field1Min = excluded.Field1Min, Field1Max = excluded.Field1Max,
    Field1StdDev = excluded.Field1StdDev, Field1Count = excluded.Field1Count,
    Field2Avg = excluded.Field2Avg, Field2Min = excluded.Field2Min, Field2Max = excluded.Field2Max,
    Field2StdDev = excluded.Field2StdDev, Field2Count = excluded.Field2Count,
    Field3Avg = excluded.Field3Avg, Field3Min = excluded.Field3Min, Field3Max = excluded.Field3Max,
    Field3StdDev = excluded.Field3StdDev, Field3Count = excluded.Field3Count,
    Field4Avg = excluded.Field4Avg, Field4Min = excluded.Field4Min, Field4Max = excluded.Field4Max,
    Field4StdDev = excluded.Field4StdDev, Field4Count = excluded.Field4Count,
    Field5Avg = excluded.Field5Avg, Field5Min = excluded.Field5Min, Field5Max = excluded.Field5Max,
    Field5StdDev = excluded.Field5StdDev, Field5Count = excluded.Field5Count,
    Field6Avg = excluded.Field6Avg, Field6Min = excluded.Field6Min, Field6Max = excluded.Field6Max,
    Field6StdDev = excluded.Field6StdDev, Field6Count = excluded.Field6Count,
    Field7Avg = excluded.Field7Avg, Field7Min = excluded.Field7Min, Field7Max = excluded.Field7Max,
    Field7StdDev = excluded.Field7StdDev, Field7Count = excluded.Field7Count,
    Field8Avg = excluded.Field8Avg, Field8Min = excluded.Field8Min, Field8Max = excluded.Field8Max,
    Field8StdDev = excluded.Field8StdDev, Field8Count = excluded.Field8Count,
    ReadingCount = excluded.ReadingCount, CreatedAt = excluded.CreatedAt;

DELETE FROM iot.AggregatedData AS g
USING (
    SELECT t.ChannelID, t.PeriodStart
    FROM taken AS t
    ANTI JOIN (
        SELECT DISTINCT r.ChannelID, date_trunc(getvariable('unit'), r.CreatedAt) AS PeriodStart
        FROM iot.CurrentReadings AS r
        WHERE
            r.ChannelID BETWEEN getvariable('first_channel') AND getvariable('last_channel')
            AND r.CreatedAt >= getvariable('first_at') AND r.CreatedAt < getvariable('end_at')
    ) AS p ON p.ChannelID = t.ChannelID AND p.PeriodStart = t.PeriodStart
) AS emptied
WHERE
    g.ChannelID = emptied.ChannelID AND g.AggregationType = upper($aggregation_type)
    AND g.PeriodStart = emptied.PeriodStart;

DELETE FROM iot.PeriodMarks AS m
USING taken AS t
WHERE
    m.ChannelID = t.ChannelID AND m.AggregationType = upper($aggregation_type)
    AND m.PeriodStart = t.PeriodStart;

SELECT count(*) AS Periods FROM taken;
