-- usp_AnnounceWorker(worker, seconds): a worker is there for so long, by the warehouse's own clock; those that
-- are there. One that was gone begins anew; one that is gone for a day is forgotten.
CREATE OR ALTER PROCEDURE iot.usp_AnnounceWorker @Worker NVARCHAR(MAX), @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @at DATETIME2(6);
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.leases', @Mode = N'Exclusive';
        SET @at = SYSUTCDATETIME();
        DELETE FROM iot.Workers
        WHERE ExpiresAt < DATEADD(DAY, -1, @at);
        UPDATE iot.Workers
        SET
            StartedAt = CASE WHEN ExpiresAt < @at THEN @at ELSE StartedAt END,
            SeenAt = @at,
            ExpiresAt = DATEADD(MILLISECOND, CAST(1000 * @Seconds AS INT), @at)
        WHERE WorkerName = @Worker;
        IF @@ROWCOUNT = 0
            INSERT INTO iot.Workers (WorkerName, StartedAt, SeenAt, ExpiresAt)
            VALUES (@Worker, @at, @at, DATEADD(MILLISECOND, CAST(1000 * @Seconds AS INT), @at));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT w.WorkerName FROM iot.Workers AS w WHERE w.ExpiresAt >= @at ORDER BY w.WorkerName;
    RETURN 0;
END;
