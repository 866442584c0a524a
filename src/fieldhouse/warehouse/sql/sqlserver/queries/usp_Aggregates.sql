-- usp_Aggregates(channel_id, aggregation_type, start_at, end_at): periods that begin in a span; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_Aggregates
    @ChannelID INT,
    @AggregationType NVARCHAR(10),
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        g.AggregationID,
        g.ChannelID,
        g.AggregationType,
        g.PeriodStart,
        g.PeriodEnd,
        g.Field1Avg,
        g.Field1Min,
        g.Field1Max,
        g.Field1StdDev,
        g.Field1Count,
        g.Field2Avg,
        g.Field2Min,
        g.Field2Max,
        g.Field2StdDev,
        g.Field2Count,
        g.Field3Avg,
        g.Field3Min,
        g.Field3Max,
        g.Field3StdDev,
        g.Field3Count,
        g.Field4Avg,
        g.Field4Min,
        g.Field4Max,
        g.Field4StdDev,
        g.Field4Count,
        g.Field5Avg,
        g.Field5Min,
        g.Field5Max,
        g.Field5StdDev,
        g.Field5Count,
        g.Field6Avg,
        g.Field6Min,
        g.Field6Max,
        g.Field6StdDev,
        g.Field6Count,
        g.Field7Avg,
        g.Field7Min,
        g.Field7Max,
        g.Field7StdDev,
        g.Field7Count,
        g.Field8Avg,
        g.Field8Min,
        g.Field8Max,
        g.Field8StdDev,
        g.Field8Count,
        g.ReadingCount,
        g.CreatedAt
    FROM iot.AggregatedData AS g
    WHERE g.ChannelID = @ChannelID
        AND g.AggregationType = UPPER(@AggregationType COLLATE Latin1_General_CI_AS)
        AND (@StartAt IS NULL OR g.PeriodStart >= @StartAt)
        AND (@EndAt IS NULL OR g.PeriodStart < @EndAt)
    ORDER BY g.PeriodStart
    OPTION (RECOMPILE);
    RETURN 0;
END;
