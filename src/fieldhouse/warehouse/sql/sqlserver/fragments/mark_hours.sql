-- The periods that the hours of #hours(ChannelID, Hour), counted from the year 1, are in are to be recomputed.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT t.ChannelID, v.AggregationType, v.PeriodStart
FROM #hours AS t
CROSS APPLY (VALUES
    (N'HOURLY', DATEADD(HOUR, t.Hour, CAST('0001-01-01' AS DATETIME2(6)))),
    (N'DAILY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
    (N'QUALITY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
    (N'WEEKLY', DATEADD(DAY, t.Hour / 168 * 7, CAST('0001-01-01' AS DATETIME2(6)))) -- a Monday
) AS v (AggregationType, PeriodStart);
