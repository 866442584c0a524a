-- usp_CompressArchive: keeps the archive as columnstore from now on, which takes a fraction of the space and
-- is quick to sum up; months are then moved into it, no longer switched. Once; an operator's decision. What is
-- archived already goes back to the readings and comes again, in batches that are transactions of their own, so that
-- the log need not hold all of it; stopped halfway, it can be called again. As owner, since a right to execute covers
-- no DDL.
CREATE OR ALTER PROCEDURE iot.usp_CompressArchive
WITH EXECUTE AS OWNER
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    IF SERVERPROPERTY('BabelfishVersion') IS NOT NULL
        THROW 51006, N'this server has no columnstore', 1;
    IF EXISTS (
           SELECT 1
           FROM sys.indexes AS i
           WHERE i.object_id = OBJECT_ID(N'iot.SensorReadings_Archive') AND i.type = 5
       )
        RETURN 0;
    DECLARE @some INT = 1, @moved BIGINT = 0;
    DECLARE
        @end DATETIME2(6) = (
            SELECT DATEADD(MICROSECOND, 1, MAX(a.CreatedAt)) FROM iot.SensorReadings_Archive AS a
        );
    DECLARE
        @place NVARCHAR(100) = CASE
            WHEN EXISTS (
                SELECT 1 FROM sys.partition_schemes AS s WHERE s.name = N'PS_MonthlyPartition'
            ) THEN N' ON PS_MonthlyPartition (CreatedAt)'
            ELSE N''
        END;
    DECLARE
        @text NVARCHAR(MAX) = CONCAT(
            N'CREATE CLUSTERED COLUMNSTORE INDEX CCI_SensorReadings_Archive ON iot.SensorReadings_Archive',
            @place
        );
    -- a reading is still found by its number; as in the readings, the partitions' key belongs to it
    DECLARE
        @key NVARCHAR(MAX) = CONCAT(
            N'ALTER TABLE iot.SensorReadings_Archive ADD CONSTRAINT PK_SensorReadings_Archive',
            N' PRIMARY KEY NONCLUSTERED (ReadingID',
            CASE WHEN @place = N'' THEN N')' ELSE N', CreatedAt)' END
        );
    BEGIN TRY
        WHILE @some > 0
        BEGIN
            BEGIN TRANSACTION;
            EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
            EXEC iot.usp_ReturnBatch @Moved = @some OUTPUT;
            IF @some = 0
            BEGIN
                ALTER TABLE iot.SensorReadings_Archive DROP CONSTRAINT PK_SensorReadings_Archive;
                EXEC sp_executesql @text;
                EXEC sp_executesql @key;
                INSERT INTO iot.AuditTrail (Action, Updated, Detail)
                VALUES (N'usp_CompressArchive', @moved, N'the archive is columnstore');
            END;
            COMMIT TRANSACTION;
            SET @moved += @some;
        END;
        SET @some = 1;
        WHILE @some > 0 AND @end IS NOT NULL
        BEGIN
            BEGIN TRANSACTION;
            EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
            EXEC iot.usp_MoveBatch @Before = @end, @Moved = @some OUTPUT;
            COMMIT TRANSACTION;
        END;
        EXEC iot.usp_PackArchive;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        SET IDENTITY_INSERT iot.SensorReadings OFF;
        THROW;
    END CATCH;
    RETURN 0;
END;
