-- usp_MarkPeriods: the periods of #touched(ChannelID, CreatedAt) are to be recomputed. Called by
-- usp_TakePlace, usp_SettleEntries and usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_MarkPeriods
AS
BEGIN
    SET NOCOUNT ON;
    INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
    SELECT DISTINCT t.ChannelID, v.AggregationType, v.PeriodStart
    FROM (
        SELECT DISTINCT s.ChannelID, DATEDIFF(HOUR, CAST('0001-01-01' AS DATETIME2(6)), s.CreatedAt) AS Hour
        FROM #touched AS s
    ) AS t
    CROSS APPLY (VALUES
        (N'HOURLY', DATEADD(HOUR, t.Hour, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'DAILY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'QUALITY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'WEEKLY', DATEADD(DAY, t.Hour / 168 * 7, CAST('0001-01-01' AS DATETIME2(6)))) -- a Monday
    ) AS v (AggregationType, PeriodStart);
    RETURN 0;
END;
