-- usp_FindPeriods: the periods of one channel that touch [start, end) and hold readings, or did, into
-- #asked_periods, with their hours, which come first. Called by usp_ProcessSensorReadings.
CREATE OR ALTER PROCEDURE iot.usp_FindPeriods
    @ChannelID INT,
    @AggregationType NVARCHAR(10),
    @StartDate DATETIME2(6),
    @EndDate DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATETIME2(6) = '0001-01-01', @lastEnd DATETIME2(6) = '9999-12-31T23:59:59.999999'; -- a Monday
    DECLARE
        @hours INT = CASE @AggregationType
            WHEN N'HOURLY' THEN 1
            WHEN N'DAILY' THEN 24
            ELSE 168
        END;
    DECLARE
        @first DATETIME2(6) = DATEADD(HOUR, DATEDIFF(HOUR, @base, @StartDate) / @hours * @hours, @base),
        @end DATETIME2(6) = DATEADD(HOUR, DATEDIFF(HOUR, @base, @EndDate) / @hours * @hours, @base);
    IF @end < @EndDate
        SET @end = CASE
                WHEN @end > DATEADD(HOUR, -@hours, @lastEnd) THEN @lastEnd
                ELSE DATEADD(HOUR, @hours, @end)
            END;

    -- numbers are told apart more cheaply than instants
    SELECT DISTINCT DATEDIFF(HOUR, @base, r.CreatedAt) AS Number
    INTO #hours
    FROM iot.CurrentReadings AS r WITH (FORCESEEK)
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @first AND r.CreatedAt < @end
    OPTION (RECOMPILE);
    SELECT g.AggregationType, g.PeriodStart
    INTO #kept
    FROM iot.AggregatedData AS g WITH (FORCESEEK)
    WHERE g.ChannelID = @ChannelID
        AND g.AggregationType IN (N'HOURLY', @AggregationType)
        AND g.PeriodStart >= @first
        AND g.PeriodStart < @end
    OPTION (RECOMPILE);

    INSERT INTO #asked_periods (Number, AggregationType, PeriodStart)
    SELECT
        ROW_NUMBER() OVER (ORDER BY CASE WHEN p.AggregationType = N'HOURLY' THEN 0 ELSE 1 END, p.PeriodStart),
        p.AggregationType,
        p.PeriodStart
    FROM (
        SELECT N'HOURLY' AS AggregationType, DATEADD(HOUR, h.Number, @base) AS PeriodStart FROM #hours AS h
        UNION
        SELECT @AggregationType, DATEADD(HOUR, h.Number / @hours * @hours, @base) FROM #hours AS h
        UNION
        SELECT k.AggregationType, k.PeriodStart FROM #kept AS k
        UNION
        SELECT @AggregationType, DATEADD(HOUR, DATEDIFF(HOUR, @base, k.PeriodStart) / @hours * @hours, @base)
        FROM #kept AS k
    ) AS p;
    RETURN 0;
END;
