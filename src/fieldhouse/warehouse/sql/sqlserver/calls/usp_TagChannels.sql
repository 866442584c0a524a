-- usp_TagChannels(channel_ids, tags): give each of some channels each of some tags; one that it has stays.
CREATE OR ALTER PROCEDURE iot.usp_TagChannels @ChannelIDs NVARCHAR(MAX), @Tags NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        INSERT INTO iot.ChannelTags (ChannelID, Tag)
        SELECT DISTINCT CAST(c.value AS INT), CAST(g.value AS NVARCHAR(64))
        FROM OPENJSON(@ChannelIDs) AS c
        CROSS JOIN OPENJSON(@Tags) AS g
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.ChannelTags AS t WITH (UPDLOCK, HOLDLOCK)
                WHERE t.ChannelID = CAST(c.value AS INT) AND t.Tag = CAST(g.value AS NVARCHAR(64))
            );
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        SELECT N'usp_TagChannels', CAST(c.value AS INT), LEFT(@Tags, 400) FROM OPENJSON(@ChannelIDs) AS c;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
