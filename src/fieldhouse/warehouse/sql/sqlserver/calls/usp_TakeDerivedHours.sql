-- usp_TakeDerivedHours(channel_id, limit): some hours whose derived readings are to be computed anew, the first ones,
-- those that somebody began with among them; those before the channel's ArchivedBefore are dropped. What is marked from
-- now on is another mark.
CREATE OR ALTER PROCEDURE iot.usp_TakeDerivedHours @ChannelID INT, @Limit INT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE m
        FROM iot.DerivedMarks AS m
        JOIN iot.Channels AS c ON c.ChannelID = m.ChannelID
        WHERE m.ChannelID = @ChannelID AND m.Hour < c.ArchivedBefore;
        SELECT TOP (@Limit) o.Hour
        INTO #first
        FROM (
            SELECT DISTINCT m.Hour FROM iot.DerivedMarks AS m WHERE m.ChannelID = @ChannelID
        ) AS o
        ORDER BY o.Hour;
        UPDATE m
        SET IsTaken = 1
        FROM iot.DerivedMarks AS m
        JOIN #first AS o ON o.Hour = m.Hour
        WHERE m.ChannelID = @ChannelID AND m.IsTaken = 0;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT o.Hour, CAST(0 AS BIGINT) AS Mark FROM #first AS o ORDER BY o.Hour;
    RETURN 0;
END;
