-- usp_PackArchive: compresses what has come to a columnstore archive in small parts. Called by usp_ArchiveReadings
-- and usp_CompressArchive. As owner, since a right to execute covers no DDL.
CREATE OR ALTER PROCEDURE iot.usp_PackArchive
WITH EXECUTE AS OWNER
AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (
           SELECT 1
           FROM sys.indexes AS i
           WHERE i.object_id = OBJECT_ID(N'iot.SensorReadings_Archive')
               AND i.name = N'CCI_SensorReadings_Archive'
       )
        EXEC sp_executesql
            N'ALTER INDEX CCI_SensorReadings_Archive ON iot.SensorReadings_Archive
              REORGANIZE WITH (COMPRESS_ALL_ROW_GROUPS = ON)';
    RETURN 0;
END;
