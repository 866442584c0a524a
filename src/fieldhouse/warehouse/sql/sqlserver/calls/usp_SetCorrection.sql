-- usp_SetCorrection(request_id, channel_id, field_number, kind, span_start, span_end, condition, low_value,
-- high_value, is_outside, scale_factor, offset_value, shift_seconds, reason, made_by, made_at): keep a rule and apply
-- it; its id, and how many readings it changed. The same request once more changes nothing: the answer may have been
-- lost.
CREATE OR ALTER PROCEDURE iot.usp_SetCorrection
    @RequestID BIGINT,
    @ChannelID INT,
    @FieldNumber INT = NULL,
    @Kind NVARCHAR(10),
    @SpanStart DATETIME2(6),
    @SpanEnd DATETIME2(6),
    @Condition NVARCHAR(MAX) = NULL,
    @LowValue DECIMAL(18, 6),
    @HighValue DECIMAL(18, 6),
    @IsOutside BIT,
    @ScaleFactor DECIMAL(19, 12) = NULL,
    @OffsetValue DECIMAL(18, 6) = NULL,
    @ShiftSeconds BIGINT = NULL,
    @Reason NVARCHAR(MAX),
    @MadeBy NVARCHAR(MAX),
    @MadeAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @said NVARCHAR(400), @archived DATETIME2(6);
    DECLARE @id BIGINT, @readings BIGINT = 0, @beyond BIGINT = 0;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        SET @archived = (SELECT c.ArchivedBefore FROM iot.Channels AS c WHERE c.ChannelID = @ChannelID);
        IF NOT EXISTS (SELECT 1 FROM iot.Channels AS c WHERE c.ChannelID = @ChannelID)
        BEGIN
            SET @said = CONCAT(N'channel ', @ChannelID, N' is not in the warehouse');
            THROW 51001, @said, 1;
        END;
        IF @archived > @SpanStart
        BEGIN
            SET @said = CONCAT(
                    N'what is before ',
                    CONVERT(NCHAR(10), @archived, 126),
                    N' of channel ',
                    @ChannelID,
                    N' is archived and stays as it was computed: begin there or later'
                );
            THROW 51001, @said, 1;
        END;
        SET @id = (SELECT k.CorrectionID FROM iot.Corrections AS k WHERE k.RequestID = @RequestID);
        IF @id IS NULL
        BEGIN
            INSERT INTO iot.Corrections (
                RequestID,
                ChannelID,
                FieldNumber,
                Kind,
                SpanStart,
                SpanEnd,
                Condition,
                LowValue,
                HighValue,
                IsOutside,
                ScaleFactor,
                OffsetValue,
                ShiftSeconds,
                Reason,
                MadeBy,
                MadeAt
            )
            VALUES (
                @RequestID,
                @ChannelID,
                @FieldNumber,
                @Kind,
                @SpanStart,
                @SpanEnd,
                @Condition,
                @LowValue,
                @HighValue,
                @IsOutside,
                @ScaleFactor,
                @OffsetValue,
                @ShiftSeconds,
                @Reason,
                @MadeBy,
                @MadeAt
            );
            SET @id = (SELECT k.CorrectionID FROM iot.Corrections AS k WHERE k.RequestID = @RequestID);
            SELECT DISTINCT r.ChannelID, r.CreatedAt
            INTO #instants
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @SpanStart AND r.CreatedAt < @SpanEnd
            OPTION (RECOMPILE);
            EXEC iot.usp_ApplyCorrections @Readings = @readings OUTPUT, @Beyond = @beyond OUTPUT;
            EXEC iot.usp_MarkJudgedAfter;
            INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
            VALUES (N'usp_SetCorrection', @ChannelID, @readings, CONCAT(N'correction ', @id));
        END;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @id AS CorrectionID, @readings AS Readings, COALESCE(@beyond, 0) AS Beyond;
    RETURN 0;
END;
