-- usp_SwitchMonths: switches each whole month before an instant from the readings to the archive, where the
-- archive's month is empty; where it is not, the month is copied and truncated. Adds months to come, so
-- that there are always twelve. How many readings. Called by usp_ArchiveReadings, where the table has monthly
-- partitions and the server can switch. The statements are texts, since a server without them would not
-- take the procedure; they hold numbers of our own only. As owner, since a right to execute covers no DDL.
CREATE OR ALTER PROCEDURE iot.usp_SwitchMonths @Before DATETIME2(6), @Moved BIGINT OUTPUT
WITH EXECUTE AS OWNER
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    -- a question that is being answered is waited for, but not so long that all others queue up behind
    SET LOCK_TIMEOUT 30000;
    DECLARE @partition INT = 0, @rows BIGINT, @text NVARCHAR(MAX);
    DECLARE @edge DATETIME2(6), @low DATETIME2(6), @high DATETIME2(6);
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
        -- RANGE RIGHT: a partition begins with the boundary before it
        SELECT
            @low = MAX(CASE WHEN v.boundary_id = @partition - 1 THEN CAST(v.value AS DATETIME2(6)) END),
            @high = MAX(CASE WHEN v.boundary_id = @partition THEN CAST(v.value AS DATETIME2(6)) END)
        FROM sys.partition_functions AS f
        JOIN sys.partition_range_values AS v ON v.function_id = f.function_id
        WHERE f.name = N'PF_MonthlyPartition';
        SET @low = COALESCE(@low, '0001-01-01');
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
        SET @rows = (
                SELECT COUNT_BIG(*)
                FROM iot.SensorReadings AS r
                WHERE r.CreatedAt >= @low AND r.CreatedAt < @high
            );
        IF EXISTS (
               SELECT 1 FROM iot.SensorReadings_Archive AS a WHERE a.CreatedAt >= @low AND a.CreatedAt < @high
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
                ImportedAt,
                WithdrawnAt
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
                ImportedAt,
                WithdrawnAt
            FROM iot.SensorReadings AS r
            WHERE r.CreatedAt >= @low AND r.CreatedAt < @high;
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
