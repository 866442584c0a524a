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
        -- each field
        g.Field#Avg,
        g.Field#Min,
        g.Field#Max,
        g.Field#StdDev,
        g.Field#Count,
        -- end
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
