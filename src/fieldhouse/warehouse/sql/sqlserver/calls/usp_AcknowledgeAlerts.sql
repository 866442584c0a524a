-- usp_AcknowledgeAlerts(alert_ids, acknowledged_by, acknowledged_at): somebody knows of these alerts: what is not
-- told of them yet, need not be; how many.
CREATE OR ALTER PROCEDURE iot.usp_AcknowledgeAlerts
    @AlertIDs NVARCHAR(MAX),
    @AcknowledgedBy NVARCHAR(MAX),
    @AcknowledgedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @alerts BIGINT;

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        UPDATE a
        SET AcknowledgedAt = @AcknowledgedAt, AcknowledgedBy = LEFT(@AcknowledgedBy, 100)
        FROM iot.Alerts AS a
        WHERE a.AlertID IN (SELECT CAST(j.value AS BIGINT) FROM OPENJSON(@AlertIDs) AS j)
            AND a.OpenedAt IS NOT NULL
            AND a.ResolvedAt IS NULL;
        SET @alerts = @@ROWCOUNT;
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_AcknowledgeAlerts', LEFT(@AlertIDs, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT @alerts AS Alerts;
    RETURN 0;
END;
