-- usp_SwitchMonths: switches each whole month before an instant from the readings to the archive, where the
-- archive's month is empty; where it is not, the month is copied and truncated. Adds months to come, so
-- that there are always twelve. How many readings. Called by usp_ArchiveReadings, where the table has monthly
-- partitions and the server can switch. The statements are texts, since a server without them would not
-- take the procedure; they hold numbers and dates of our own only.
CREATE OR ALTER PROCEDURE iot.usp_SwitchMonths @Before DATETIME2(6), @Moved BIGINT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @granted INT, @partition INT = 0, @rows BIGINT, @text NVARCHAR(MAX), @edge DATETIME2(6);
    SET @edge = (
            SELECT MAX(CAST(v.value AS DATETIME2(6)))
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

    -- a partition is a whole month that has passed if its upper boundary is no later than the instant
    WHILE 1 = 1
    BEGIN
        SET @partition = (
                SELECT MIN(p.partition_number)
                FROM sys.partitions AS p
                JOIN sys.partition_functions AS f ON f.name = N'PF_MonthlyPartition'
                JOIN sys.partition_range_values AS v
                    ON v.function_id = f.function_id AND v.boundary_id = p.partition_number
                WHERE p.object_id = OBJECT_ID(N'iot.SensorReadings')
                    AND p.index_id IN (0, 1)
                    AND p.rows > 0
                    AND p.partition_number > @partition
                    AND CAST(v.value AS DATETIME2(6)) <= @Before
            );
        IF @partition IS NULL
            BREAK;
        BEGIN TRANSACTION;
        EXEC @granted = sp_getapplock
            @Resource = N'iot.archive',
            @LockMode = N'Exclusive',
            @LockOwner = N'Transaction',
            @LockTimeout = 120000;
        IF @granted < 0
            THROW 51004, N'loads are under way (iot.archive); try again when they are done', 1;
        SET @rows = (
                SELECT COUNT_BIG(*)
                FROM iot.SensorReadings AS r
                WHERE $PARTITION.PF_MonthlyPartition(r.CreatedAt) = @partition
            );
        IF EXISTS (
               SELECT 1
               FROM iot.SensorReadings_Archive AS a
               WHERE $PARTITION.PF_MonthlyPartition(a.CreatedAt) = @partition
           )
           OR EXISTS (
               SELECT 1
               FROM sys.indexes AS i
               WHERE i.object_id = OBJECT_ID(N'iot.SensorReadings_Archive') AND i.type = 5
           )
        BEGIN
            INSERT INTO iot.SensorReadings_Archive (
                ReadingID,
                ChannelID,
                Epoch,
                EntryID,
                CreatedAt,
                Field1,
                Field2,
                Field3,
                Field4,
                Field5,
                Field6,
                Field7,
                Field8,
                Latitude,
                Longitude,
                Elevation,
                Status,
                Superseded,
                ImportedAt
            )
            SELECT
                ReadingID,
                ChannelID,
                Epoch,
                EntryID,
                CreatedAt,
                Field1,
                Field2,
                Field3,
                Field4,
                Field5,
                Field6,
                Field7,
                Field8,
                Latitude,
                Longitude,
                Elevation,
                Status,
                Superseded,
                ImportedAt
            FROM iot.SensorReadings AS r
            WHERE $PARTITION.PF_MonthlyPartition(r.CreatedAt) = @partition;
            SET @text = CONCAT(N'TRUNCATE TABLE iot.SensorReadings WITH (PARTITIONS (', @partition, N'))');
        END
        ELSE
            SET @text = CONCAT(
                    N'ALTER TABLE iot.SensorReadings SWITCH PARTITION ',
                    @partition,
                    N' TO iot.SensorReadings_Archive PARTITION ',
                    @partition
                );
        EXEC sp_executesql @text;
        COMMIT TRANSACTION;
        SET @Moved += @rows;
    END;
    RETURN 0;
END;
