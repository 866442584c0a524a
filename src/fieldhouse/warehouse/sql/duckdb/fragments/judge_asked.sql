-- Judge the days of asked(ChannelID, CheckDate), as of the variable as_of, and keep the judgements. The variable bounds
-- gives zone maps constants.
SET VARIABLE bounds = (
    SELECT {
        'FirstChannel': min(a.ChannelID), 'LastChannel': max(a.ChannelID),
        'FirstDay': min(a.CheckDate), 'LastDay': max(a.CheckDate)
    }
    FROM asked AS a
);
CREATE OR REPLACE TEMP TABLE unusual (ChannelID BIGINT, FieldNumber INTEGER, StartedAt TIMESTAMP, EndedAt TIMESTAMP);
SET VARIABLE spelt = EXISTS (
    FROM iot.AnomalySpells AS s
    WHERE
        s.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND s.StartedAt < getvariable('bounds').LastDay + 1 AND s.EndedAt >= getvariable('bounds').FirstDay
);
-- if getvariable('spelt')
INSERT INTO unusual
-- include unusual
        AND a.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND a.StartedAt < getvariable('bounds').LastDay + 1 AND a.EndedAt >= getvariable('bounds').FirstDay;

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
        AND r.CreatedAt >= getvariable('bounds').FirstDay - 31 AND r.CreatedAt < getvariable('as_of')
),
readings AS NOT MATERIALIZED (
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').FirstDay AND r.CreatedAt < getvariable('bounds').LastDay + 1
        AND r.CreatedAt < getvariable('as_of')
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
