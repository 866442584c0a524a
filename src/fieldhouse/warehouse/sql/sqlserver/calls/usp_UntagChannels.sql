-- usp_UntagChannels(channel_ids, tags): take some tags from some channels.
CREATE OR ALTER PROCEDURE iot.usp_UntagChannels @ChannelIDs NVARCHAR(MAX), @Tags NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE t
        FROM iot.ChannelTags AS t
        WHERE t.ChannelID IN (SELECT CAST(c.value AS INT) FROM OPENJSON(@ChannelIDs) AS c)
            AND t.Tag IN (SELECT CAST(g.value AS NVARCHAR(64)) FROM OPENJSON(@Tags) AS g);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        SELECT N'usp_UntagChannels', CAST(c.value AS INT), LEFT(@Tags, 400) FROM OPENJSON(@ChannelIDs) AS c;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
