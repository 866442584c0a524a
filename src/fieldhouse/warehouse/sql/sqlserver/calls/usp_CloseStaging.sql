-- usp_CloseStaging(staging_id): forgets what was staged under a number, and lets the number go.
CREATE OR ALTER PROCEDURE iot.usp_CloseStaging @StagingID BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @resource NVARCHAR(255) = CONCAT(N'iot.staging:', @StagingID);
    DELETE FROM iot.StagedReadings
    WHERE StagingID = @StagingID;
    DELETE FROM iot.StagedLoads
    WHERE StagingID = @StagingID;
    IF APPLOCK_MODE(N'public', @resource, N'Session') = N'Exclusive'
        EXEC sp_releaseapplock @Resource = @resource, @LockOwner = N'Session';
    RETURN 0;
END;
