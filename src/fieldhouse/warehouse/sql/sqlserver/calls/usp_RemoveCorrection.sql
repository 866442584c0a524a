-- usp_RemoveCorrection(correction_id, removed_by, removed_at): a rule no longer holds; how many readings that changed,
-- and from before when they are archived, if some are. What the other rules do to them they still do.
CREATE OR ALTER PROCEDURE iot.usp_RemoveCorrection
    @CorrectionID BIGINT,
    @RemovedBy NVARCHAR(MAX),
    @RemovedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @channel INT, @start DATETIME2(6), @end DATETIME2(6), @ids NVARCHAR(MAX), @said NVARCHAR(400);
    DECLARE
        @archived DATETIME2(6),
        @readings BIGINT,
        @beyond BIGINT,
        @removed DATETIME2(6),
        @by NVARCHAR(MAX);
    SELECT @channel = k.ChannelID, @start = k.SpanStart, @end = k.SpanEnd
    FROM iot.Corrections AS k
    WHERE k.CorrectionID = @CorrectionID;
    IF @channel IS NULL
    BEGIN
        SET @said = CONCAT(N'there is no correction ', @CorrectionID);
        THROW 51001, @said, 1;
    END;
    SET @ids = CONCAT(N'[', @channel, N']');
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        SELECT @removed = k.RemovedAt, @by = k.RemovedBy
        FROM iot.Corrections AS k
        WHERE k.CorrectionID = @CorrectionID;
        -- the same removal once more is none: the answer may have been lost
        IF @removed <> @RemovedAt
        BEGIN
            SET @said = CONCAT(
                    N'correction ',
                    @CorrectionID,
                    N' was removed already, on ',
                    CONVERT(NCHAR(10), @removed, 126),
                    N' by ',
                    LEFT(@by, 100)
                );
            THROW 51001, @said, 1;
        END;
        UPDATE iot.Corrections
        SET RemovedBy = @RemovedBy, RemovedAt = @RemovedAt
        WHERE CorrectionID = @CorrectionID;
        SELECT DISTINCT r.ChannelID, r.CreatedAt
        INTO #instants
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = @channel
            AND r.CreatedAt >= @start
            AND r.CreatedAt < @end
            AND r.CorrectedAt IS NOT NULL
        OPTION (RECOMPILE);
        EXEC iot.usp_ApplyCorrections @Readings = @readings OUTPUT, @Beyond = @beyond OUTPUT;
        EXEC iot.usp_MarkJudgedAfter;
        SET @archived = (SELECT c.ArchivedBefore FROM iot.Channels AS c WHERE c.ChannelID = @channel);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
        VALUES (N'usp_RemoveCorrection', @channel, @readings, CONCAT(N'correction ', @CorrectionID));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT
        @channel AS ChannelID,
        @readings AS Readings,
        CASE WHEN @archived > @start THEN @archived END AS ArchivedBefore;
    RETURN 0;
END;
