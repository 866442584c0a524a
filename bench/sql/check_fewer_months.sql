-- Takes away the partitions of all but the next three months, so that archiving must add some.
DECLARE @edge DATETIME2(6) = '9999-01-01';
WHILE @edge > DATEADD(MONTH, 3, SYSUTCDATETIME())
BEGIN
    SET @edge = (
            SELECT MAX(CAST(v.value AS DATETIME2(6)))
            FROM sys.partition_functions AS f
            JOIN sys.partition_range_values AS v ON v.function_id = f.function_id
            WHERE f.name = N'PF_MonthlyPartition'
        );
    ALTER PARTITION FUNCTION PF_MonthlyPartition() MERGE RANGE (@edge);
END;
