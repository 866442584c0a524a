-- usp_ForgetChannel(channel_id): delete a channel with all that is held of it. What says that it was read goes first,
-- and itself last, some thousands of rows a transaction: whatever ends this on the way, a run or another try mends it.
CREATE OR ALTER PROCEDURE iot.usp_ForgetChannel @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @some INT;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        DELETE FROM iot.Coverage
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.Gaps
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.Disputes
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.Reimports
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.FieldLabels
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.FieldRanges
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.ChannelTags
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.Corrections
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.PeriodMarks
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalyMarks
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalyChannels
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalyModels
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalyModelsKept
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalySpells
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.AnomalyLabels
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.DerivedFields
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.DerivedSources
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.DerivedMarks
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.ReadingCounts
        WHERE ChannelID = @ChannelID;
        DELETE FROM iot.Epochs
        WHERE ChannelID = @ChannelID;
        -- batches that come again must be compared, not known
        DELETE FROM iot.LoadLedger;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.CorrectedReadings
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.RawValues
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.RejectedEntries
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.AggregatedData
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.DataQuality
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.SensorReadings
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.SensorReadings_Archive
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.PipelineRuns
        WHERE ChannelID = @ChannelID;
        SET @some = @@ROWCOUNT;
    END;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE FROM iot.Channels
        WHERE ChannelID = @ChannelID;
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        VALUES (N'usp_ForgetChannel', @ChannelID, NULL);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
