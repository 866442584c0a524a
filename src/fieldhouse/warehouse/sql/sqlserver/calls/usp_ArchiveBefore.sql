-- usp_ArchiveBefore(channel_id, archived_before): nothing before it is recomputed for this channel.
CREATE OR ALTER PROCEDURE iot.usp_ArchiveBefore @ChannelID INT, @ArchivedBefore DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        UPDATE iot.Channels
        SET ArchivedBefore = @ArchivedBefore
        WHERE ChannelID = @ChannelID;
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        VALUES (N'usp_ArchiveBefore', @ChannelID, CONVERT(NVARCHAR(30), @ArchivedBefore, 126));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
