-- usp_FillTaken: the periods of #periods(ChannelID, AggregationType, PeriodStart) into #taken, each once, with its
-- end; the last week that there is ends with time itself.
CREATE OR ALTER PROCEDURE iot.usp_FillTaken
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @lastEnd DATETIME2(6) = '9999-12-31T23:59:59.999999'; -- there is no later one
    INSERT INTO #taken (Period, ChannelID, AggregationType, PeriodStart, PeriodEnd)
    SELECT
        ROW_NUMBER() OVER (ORDER BY p.ChannelID, p.AggregationType, p.PeriodStart),
        p.ChannelID,
        p.AggregationType,
        p.PeriodStart,
        CASE
            WHEN p.PeriodStart > DATEADD(HOUR, -p.Hours, @lastEnd) THEN @lastEnd
            ELSE DATEADD(HOUR, p.Hours, p.PeriodStart)
        END
    FROM (
        SELECT DISTINCT
            m.ChannelID,
            m.AggregationType,
            m.PeriodStart,
            CASE m.AggregationType
                WHEN N'HOURLY' THEN 1
                WHEN N'DAILY' THEN 24
                ELSE 168
            END AS Hours
        FROM #periods AS m
    ) AS p;
    RETURN 0;
END;
