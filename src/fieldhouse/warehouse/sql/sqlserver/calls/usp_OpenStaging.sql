-- usp_OpenStaging(staging_id): a number under which readings are staged, held by this session until it is closed
-- or ends; what dead sessions left more than a quarter of an hour ago is cleared.
CREATE OR ALTER PROCEDURE iot.usp_OpenStaging @StagingID BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @resource NVARCHAR(255) = CONCAT(N'iot.staging:', @StagingID), @granted INT;
    EXEC @granted = sp_getapplock
        @Resource = @resource,
        @LockMode = N'Exclusive',
        @LockOwner = N'Session',
        @LockTimeout = 0;
    IF @granted < 0
        THROW 51004, N'the load is being staged by another session', 1;
    INSERT INTO iot.StagedLoads (StagingID)
    VALUES (@StagingID);

    -- what is young is let be: whether its session lives is asked of few, and only of old ones
    DECLARE @old DATETIME2(6) = DATEADD(MINUTE, -15, SYSUTCDATETIME());
    SELECT s.StagingID
    INTO #dead
    FROM iot.StagedLoads AS s
    WHERE s.StagingID <> @StagingID
        AND CASE
            WHEN s.StagedAt < @old THEN APPLOCK_TEST(
                N'public',
                CONCAT(N'iot.staging:', s.StagingID),
                N'Exclusive',
                N'Session'
            )
        END = 1;
    IF EXISTS (SELECT 1 FROM #dead)
    BEGIN
        DELETE r
        FROM #dead AS d
        JOIN iot.StagedReadings AS r WITH (ROWLOCK, FORCESEEK) ON r.StagingID = d.StagingID
        OPTION (LOOP JOIN);
        DELETE s
        FROM #dead AS d
        JOIN iot.StagedLoads AS s WITH (ROWLOCK, FORCESEEK) ON s.StagingID = d.StagingID
        OPTION (LOOP JOIN);
    END;
    RETURN 0;
END;
