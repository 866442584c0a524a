-- usp_JudgeEpoch(channel_id, epoch): which older epochs this one shows again; within its span their readings are
-- superseded, those left out included, where it shows at least half of them, one for one where many share an
-- instant (a re-import); elsewhere only where this epoch shows a reading at the same instant. What the source
-- shows of older epochs beside its own is this epoch's too, and stays; it proves something once it has been
-- asked for again (nothing of it is due): then it is no leftover of a clear. So the epochs before this one are
-- compared anew: what was shown beside one that is over, and never asked for again, was left.
CREATE OR ALTER PROCEDURE iot.usp_JudgeEpoch @ChannelID INT, @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']');
    CREATE TABLE #spanned (
        Epoch INT NOT NULL,
        OlderEpoch INT NOT NULL,
        FirstAt DATETIME2(6) NOT NULL,
        LastAt DATETIME2(6) NOT NULL,
        Readings BIGINT NOT NULL,
        ShownAgain BIGINT NOT NULL
    );
    CREATE TABLE #content (
        InEpoch INT NOT NULL,
        Epoch INT NOT NULL,
        ReadingID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        IsWithdrawn INT NOT NULL,
        IsConfirmed INT NOT NULL
    );
    CREATE TABLE #touched (
        ReadingID BIGINT NOT NULL,
        ChannelID INT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        Superseded BIT NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        EXEC iot.usp_ShowContent @ChannelID = @ChannelID, @Epoch = @Epoch;
        EXEC iot.usp_CompareEpochs @Epoch = @Epoch;
        DELETE FROM iot.Reimports
        WHERE ChannelID = @ChannelID AND Epoch <= @Epoch;
        INSERT INTO iot.Reimports (
            ChannelID,
            Epoch,
            OlderEpoch,
            SpanStart,
            SpanEnd,
            OlderReadings,
            ShownAgain
        )
        SELECT @ChannelID, p.Epoch, p.OlderEpoch, p.FirstAt, p.LastAt, p.Readings, p.ShownAgain
        FROM #spanned AS p
        WHERE 2 * p.ShownAgain >= p.Readings;
        EXEC iot.usp_SupersedeOlder @ChannelID = @ChannelID, @Epoch = @Epoch;
        EXEC iot.usp_MarkPeriods;

        INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
        SELECT N'usp_JudgeEpoch', @ChannelID, COUNT_BIG(*), CONCAT(N'epoch ', @Epoch)
        FROM #touched
        HAVING COUNT_BIG(*) > 0;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT
        COUNT_BIG(CASE WHEN t.Superseded = 1 THEN 1 END) AS Superseded,
        COUNT_BIG(CASE WHEN t.Superseded = 0 THEN 1 END) AS Restored
    FROM #touched AS t;
    RETURN 0;
END;
