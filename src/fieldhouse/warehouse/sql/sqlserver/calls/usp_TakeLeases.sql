-- usp_TakeLeases(worker, channel_ids, seconds): a worker keeps those of some channels that it has, and takes those
-- that nobody has, for so long, by the warehouse's own clock; which these are.
CREATE OR ALTER PROCEDURE iot.usp_TakeLeases @Worker NVARCHAR(MAX), @ChannelIDs NVARCHAR(MAX), @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @at DATETIME2(6), @until DATETIME2(6);
    DECLARE @asked TABLE (
        ChannelID INT NOT NULL PRIMARY KEY
    );
    INSERT INTO @asked (ChannelID)
    SELECT DISTINCT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.leases', @Mode = N'Exclusive';
        SET @at = SYSUTCDATETIME();
        SET @until = DATEADD(MILLISECOND, CAST(1000 * @Seconds AS INT), @at);
        DELETE FROM iot.Leases
        WHERE ExpiresAt < @at AND ChannelID IN (SELECT a.ChannelID FROM @asked AS a);
        UPDATE iot.Leases
        SET ExpiresAt = @until
        WHERE WorkerName = @Worker AND ChannelID IN (SELECT a.ChannelID FROM @asked AS a);
        INSERT INTO iot.Leases (ChannelID, WorkerName, TakenAt, ExpiresAt)
        SELECT a.ChannelID, @Worker, @at, @until
        FROM @asked AS a
        WHERE NOT EXISTS (SELECT 1 FROM iot.Leases AS l WHERE l.ChannelID = a.ChannelID);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT l.ChannelID
    FROM iot.Leases AS l
    WHERE l.WorkerName = @Worker
        AND l.ExpiresAt >= @at
        AND l.ChannelID IN (SELECT a.ChannelID FROM @asked AS a)
    ORDER BY l.ChannelID;
    RETURN 0;
END;
