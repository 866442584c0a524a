-- usp_GiveLeasesBack(worker, channel_ids): a worker has some channels no longer. No channel ids: none of them, and
-- it is gone.
CREATE OR ALTER PROCEDURE iot.usp_GiveLeasesBack @Worker NVARCHAR(MAX), @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.leases', @Mode = N'Exclusive';
        DELETE FROM iot.Leases
        WHERE WorkerName = @Worker
            AND (
                @ChannelIDs IS NULL
                OR ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
            );
        DELETE FROM iot.Workers
        WHERE WorkerName = @Worker AND @ChannelIDs IS NULL;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
