-- usp_RefreshAggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were. No type:
-- all three; days and weeks are merged from hours, so that the marked hours come with each. No channel ids: all
-- channels. Marks from before a channel's ArchivedBefore are dropped. At most 20,000 a transaction, the hours
-- first: called outside of one, it commits turn by turn, and lets others write in between.
CREATE OR ALTER PROCEDURE iot.usp_RefreshAggregates
    @AggregationType NVARCHAR(10) = NULL,
    @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @only NVARCHAR(10) = @AggregationType;
    SET @AggregationType = COALESCE(@AggregationType, N'HOURLY');
    -- include check_type
    SET @only = CASE WHEN @only IS NOT NULL THEN @AggregationType END;
    -- include take_periods
    DECLARE @periods BIGINT = 0, @more BIT = 1;
    WHILE @more = 1
    BEGIN
        DELETE FROM #periods;
        DELETE FROM #taken;
        BEGIN TRY
            BEGIN TRANSACTION;
            EXEC iot.usp_ShareArchive;
            EXEC iot.usp_TakeMarks @AggregationType = @only, @ChannelIDs = @ChannelIDs, @More = @more OUTPUT;
            EXEC iot.usp_FillTaken;
            EXEC iot.usp_RecomputeTaken;
            COMMIT TRANSACTION;
        END TRY
        BEGIN CATCH
            IF @@TRANCOUNT > 0
                ROLLBACK TRANSACTION;
            THROW;
        END CATCH;
        SET @periods += (SELECT COUNT_BIG(*) FROM #taken);
    END;
    SELECT @periods AS Periods;
    RETURN 0;
END;
