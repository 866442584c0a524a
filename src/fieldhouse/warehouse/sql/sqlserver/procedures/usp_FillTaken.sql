-- usp_FillTaken: the periods of #periods(ChannelID, PeriodStart) into #taken, each once, with its end.
CREATE OR ALTER PROCEDURE iot.usp_FillTaken @AggregationType NVARCHAR(10)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE
        @hours INT = CASE @AggregationType
            WHEN N'HOURLY' THEN 1
            WHEN N'DAILY' THEN 24
            ELSE 168
        END;
    DECLARE @lastEnd DATETIME2(6) = '9999-12-31T23:59:59.999999'; -- there is no later one
    INSERT INTO #taken (Period, ChannelID, PeriodStart, PeriodEnd)
    SELECT
        ROW_NUMBER() OVER (ORDER BY p.ChannelID, p.PeriodStart),
        p.ChannelID,
        p.PeriodStart,
        CASE
            WHEN p.PeriodStart > DATEADD(HOUR, -@hours, @lastEnd) THEN @lastEnd
            ELSE DATEADD(HOUR, @hours, p.PeriodStart)
        END
    FROM (
        SELECT DISTINCT m.ChannelID, m.PeriodStart FROM #periods AS m
    ) AS p;
    RETURN 0;
END;
