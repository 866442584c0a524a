-- Judge the days of asked(ChannelID, CheckDate), as of the variable as_of, and keep the judgements. Of the days
-- before them only those are read again whose aggregates are not up to date, and the two that only half of may
-- lie within a window: that of as-of and the thirtieth before it. The variable bounds gives zone maps constants.
SET VARIABLE bounds = (
    SELECT {
        'FirstChannel': min(a.ChannelID), 'LastChannel': max(a.ChannelID), 'FirstDay': min(a.CheckDate) - 31,
        'AsOfDay': getvariable('as_of')::DATE, 'EdgeDay': getvariable('as_of')::DATE - 30,
        'NearDay': least(
            min(a.CheckDate), getvariable('as_of')::DATE,
            (
                SELECT min(m.PeriodStart)::DATE
                FROM iot.PeriodMarks AS m
                SEMI JOIN asked AS s ON s.ChannelID = m.ChannelID AND m.PeriodStart >= s.CheckDate - 31
                WHERE m.AggregationType = 'DAILY'
            ),
            (
                -- what came late into archived days is in no aggregate
                SELECT min(s.CheckDate) - 31
                FROM asked AS s
                JOIN iot.Channels AS c ON c.ChannelID = s.ChannelID AND c.ArchivedBefore > s.CheckDate - 31
            )
        )
    }
    FROM asked AS a
);
INSERT INTO iot.DataQuality (
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
)
WITH
instant AS (
    SELECT getvariable('as_of') AS A
),
times AS NOT MATERIALIZED (
    SELECT r.ChannelID, r.CreatedAt
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').FirstDay AND r.CreatedAt < getvariable('as_of')
),
readings AS NOT MATERIALIZED (
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').NearDay AND r.CreatedAt < getvariable('as_of')
    UNION ALL
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').EdgeDay
        AND r.CreatedAt < least(getvariable('bounds').EdgeDay + 1, getvariable('bounds').NearDay)
),
fresh AS MATERIALIZED (
    SELECT g.*, g.PeriodStart::DATE AS Day
    FROM iot.AggregatedData AS g
    JOIN iot.Channels AS c ON c.ChannelID = g.ChannelID
    ANTI JOIN iot.PeriodMarks AS m
        ON m.ChannelID = g.ChannelID AND m.AggregationType = 'DAILY' AND m.PeriodStart = g.PeriodStart
    WHERE
        g.AggregationType = 'DAILY'
        AND g.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND g.PeriodStart >= getvariable('bounds').FirstDay AND g.PeriodStart < getvariable('bounds').AsOfDay
        AND g.PeriodStart <> getvariable('bounds').EdgeDay
        AND (c.ArchivedBefore IS NULL OR g.PeriodStart >= c.ArchivedBefore)
),
-- include quality
SELECT
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
FROM quality
ON CONFLICT (ChannelID, CheckDate) DO UPDATE SET
    TotalReadings = excluded.TotalReadings,
    MissingReadings = excluded.MissingReadings,
    OutOfRangeReadings = excluded.OutOfRangeReadings,
    AnomaliesDetected = excluded.AnomaliesDetected,
    QualityScore = excluded.QualityScore,
    CadenceSeconds = excluded.CadenceSeconds,
    ExpectedReadings = excluded.ExpectedReadings,
    AbsentReadings = excluded.AbsentReadings,
    RangesConfigured = excluded.RangesConfigured,
    Notes = excluded.Notes,
    AsOfTime = excluded.AsOfTime,
    CreatedAt = excluded.CreatedAt;
