-- usp_EndSilence(silence_id, ended_at): a silence holds no longer; how many that were.
CREATE OR ALTER PROCEDURE iot.usp_EndSilence @SilenceID BIGINT, @EndedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @silences BIGINT;

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        UPDATE s
        SET SilencedUntil = @EndedAt
        FROM iot.AlertSilences AS s
        WHERE s.SilenceID = @SilenceID AND s.SilencedUntil > @EndedAt;
        SET @silences = @@ROWCOUNT;
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_EndSilence', CAST(@SilenceID AS NVARCHAR(20)));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT @silences AS Silences;
    RETURN 0;
END;
