-- usp_SilenceAlerts(rule_name, channel_id, silenced_from, silenced_until, reason, made_by): tell nothing of a rule, a
-- channel, or all, for a span; the silence's number.
CREATE OR ALTER PROCEDURE iot.usp_SilenceAlerts
    @RuleName NVARCHAR(MAX) = NULL,
    @ChannelID INT = NULL,
    @SilencedFrom DATETIME2(6),
    @SilencedUntil DATETIME2(6),
    @Reason NVARCHAR(MAX),
    @MadeBy NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @silence BIGINT;

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        INSERT INTO iot.AlertSilences (RuleName, ChannelID, SilencedFrom, SilencedUntil, Reason, MadeBy)
        VALUES (LEFT(@RuleName, 40), @ChannelID, @SilencedFrom, @SilencedUntil, @Reason, LEFT(@MadeBy, 100));
        SET @silence = SCOPE_IDENTITY();
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        VALUES (N'usp_SilenceAlerts', @ChannelID, LEFT(@Reason, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT @silence AS SilenceID;
    RETURN 0;
END;
