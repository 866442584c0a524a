-- usp_CompressArchive: keeps the archive as columnstore from now on, which takes a fraction of the space and
-- is quick to sum up; months are then copied into it, no longer switched. Once; an operator's decision. As
-- owner, since a right to execute covers no DDL.
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
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
        ALTER TABLE iot.SensorReadings_Archive DROP CONSTRAINT PK_SensorReadings_Archive;
        EXEC sp_executesql @text;
        EXEC sp_executesql @key;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
