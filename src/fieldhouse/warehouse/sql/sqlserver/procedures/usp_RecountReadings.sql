-- usp_RecountReadings: counts the readings of a channel, or of all, anew, as after a change of the tables by hand; the
-- channels whose count was another. An operator's.
CREATE OR ALTER PROCEDURE iot.usp_RecountReadings @ChannelID INT = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @channel INT = COALESCE(@ChannelID, 0) - 1, @ids NVARCHAR(MAX);
    CREATE TABLE #recounted (
        ChannelID INT NOT NULL PRIMARY KEY CLUSTERED,
        Readings BIGINT NOT NULL,
        Withdrawn BIGINT NOT NULL,
        FirstReading DATETIME2(6),
        LastReading DATETIME2(6),
        Held BIGINT,
        HeldWithdrawn BIGINT
    );
    BEGIN TRY
        WHILE 1 = 1
        BEGIN
            SET @channel = (
                    SELECT MIN(c.ChannelID)
                    FROM iot.Channels AS c
                    WHERE c.ChannelID > @channel AND (@ChannelID IS NULL OR c.ChannelID = @ChannelID)
                );
            IF @channel IS NULL
                BREAK;
            SET @ids = CONCAT(N'[', @channel, N']');
            BEGIN TRANSACTION;
            EXEC iot.usp_ShareArchive;
            EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
            INSERT INTO #recounted (
                ChannelID,
                Readings,
                Withdrawn,
                FirstReading,
                LastReading,
                Held,
                HeldWithdrawn
            )
            SELECT
                @channel,
                COUNT_BIG(*),
                COUNT_BIG(r.WithdrawnAt),
                MIN(r.CreatedAt),
                MAX(r.CreatedAt),
                (SELECT k.Readings FROM iot.ReadingCounts AS k WHERE k.ChannelID = @channel),
                (SELECT k.Withdrawn FROM iot.ReadingCounts AS k WHERE k.ChannelID = @channel)
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = @channel;
            DELETE FROM iot.ReadingCounts
            WHERE ChannelID = @channel;
            INSERT INTO iot.ReadingCounts (ChannelID, Readings, Withdrawn, FirstReading, LastReading)
            SELECT n.ChannelID, n.Readings, n.Withdrawn, n.FirstReading, n.LastReading
            FROM #recounted AS n
            WHERE n.ChannelID = @channel AND n.Readings > 0;
            COMMIT TRANSACTION;
        END;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT n.ChannelID, n.Readings, n.Held
    FROM #recounted AS n
    WHERE n.Readings <> COALESCE(n.Held, 0) OR n.Withdrawn <> COALESCE(n.HeldWithdrawn, 0)
    ORDER BY n.ChannelID;
    RETURN 0;
END;
