-- usp_SwitchMonths: adds months to come, and switches each whole month before an instant from the readings to the
-- archive, where the archive's month is empty; how many readings, and what the server refused. What it will not switch
-- (an index or a key of the operator's on one side alone) is left to usp_MoveBatch, as is all of it once the archive
-- is columnstore. Called by usp_ArchiveReadings, where the table has monthly partitions and the server can switch.
-- The statements are texts, since a server without them would not take the procedure; they hold numbers of our own
-- only. As owner, since a right to execute covers no DDL.
CREATE OR ALTER PROCEDURE iot.usp_SwitchMonths
    @Before DATETIME2(6),
    @Moved BIGINT OUTPUT,
    @Refused NVARCHAR(400) OUTPUT
WITH EXECUTE AS OWNER
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    -- a question that is being answered is waited for, but not so long that all others queue up behind
    SET LOCK_TIMEOUT 30000;
    DECLARE @partition INT = 0, @rows BIGINT, @text NVARCHAR(MAX);
    BEGIN TRY
        EXEC iot.usp_AddMonths @Refused = @Refused OUTPUT;
        WHILE NOT EXISTS (
                  SELECT 1
                  FROM sys.indexes AS i
                  WHERE i.object_id = OBJECT_ID(N'iot.SensorReadings_Archive') AND i.type = 5
              )
        BEGIN
            BEGIN TRANSACTION;
            EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
            EXEC iot.usp_NextMonth
                @Before = @Before,
                @After = @partition,
                @Partition = @partition OUTPUT,
                @Readings = @rows OUTPUT;
            IF @partition IS NOT NULL
            BEGIN
                SET @text = CONCAT(
                        N'ALTER TABLE iot.SensorReadings SWITCH PARTITION ',
                        @partition,
                        N' TO iot.SensorReadings_Archive PARTITION ',
                        @partition
                    );
                EXEC sp_executesql @text;
                EXEC iot.usp_ArchiveCorrected @Before = @Before;
            END;
            COMMIT TRANSACTION;
            IF @partition IS NULL
                BREAK;
            SET @Moved += @rows;
        END;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        -- a deadlock, a lock that was not given, or one of ours: the whole call may be made again
        IF ERROR_NUMBER() IN (1205, 1222) OR ERROR_NUMBER() BETWEEN 51000 AND 51999
            THROW;
        SET @Refused = LEFT(
                CONCAT(N'months that have passed, error ', ERROR_NUMBER(), N': ', ERROR_MESSAGE()),
                300
            );
    END CATCH;
    RETURN 0;
END;
