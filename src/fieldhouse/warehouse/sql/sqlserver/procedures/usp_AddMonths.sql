-- usp_AddMonths: adds months to come to the partitions, so that there are always twelve; what the server refused, as
-- where the last one is not empty and has columnstore. Under the archive's lock, so that two never add the same. Called
-- by usp_SwitchMonths, as owner.
CREATE OR ALTER PROCEDURE iot.usp_AddMonths @Refused NVARCHAR(400) OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @edge DATETIME2(6);
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
        SET @edge = (
                SELECT MAX(TRY_CAST(v.value AS DATETIME2(6)))
                FROM sys.partition_functions AS f
                JOIN sys.partition_range_values AS v ON v.function_id = f.function_id
                WHERE f.name = N'PF_MonthlyPartition'
            );
        WHILE @edge < DATEADD(YEAR, 1, SYSUTCDATETIME())
        BEGIN
            SET @edge = DATEADD(MONTH, 1, @edge);
            EXEC sp_executesql N'ALTER PARTITION SCHEME PS_MonthlyPartition NEXT USED [PRIMARY]';
            EXEC sp_executesql
                N'ALTER PARTITION FUNCTION PF_MonthlyPartition () SPLIT RANGE (@edge)',
                N'@edge DATETIME2(6)',
                @edge = @edge;
        END;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        -- a deadlock, a lock that was not given, or one of ours: the whole call may be made again
        IF ERROR_NUMBER() IN (1205, 1222) OR ERROR_NUMBER() BETWEEN 51000 AND 51999
            THROW;
        SET @Refused = LEFT(CONCAT(N'months to come, error ', ERROR_NUMBER(), N': ', ERROR_MESSAGE()), 300);
    END CATCH;
    RETURN 0;
END;
