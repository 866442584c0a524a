-- usp_SetPolled(channel_ids, is_active, paused_at): whether runs that name no channel take these along: not what
-- was removed, nor what is paused.
CREATE OR ALTER PROCEDURE iot.usp_SetPolled
    @ChannelIDs NVARCHAR(MAX),
    @IsActive BIT,
    @PausedAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        UPDATE c
        SET IsActive = @IsActive, PausedAt = @PausedAt
        FROM iot.Channels AS c
        WHERE c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        SELECT
            N'usp_SetPolled',
            CAST(c.value AS INT),
            CONCAT(N'active ', @IsActive, N', paused ', CONVERT(NVARCHAR(30), @PausedAt, 126))
        FROM OPENJSON(@ChannelIDs) AS c;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
