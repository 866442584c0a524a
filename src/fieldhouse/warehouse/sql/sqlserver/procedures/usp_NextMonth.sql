-- usp_NextMonth: the first partition after another that is a whole month before an instant and can be switched: it has
-- readings, of channels alone that are archived up to its end, and its archive is empty. Its number, or NULL, and how
-- many readings it has. Called by usp_SwitchMonths, under the archive's lock.
CREATE OR ALTER PROCEDURE iot.usp_NextMonth
    @Before DATETIME2(6),
    @After INT,
    @Partition INT OUTPUT,
    @Readings BIGINT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    -- RANGE RIGHT: a partition begins with the boundary before it, and ends below its own
    DECLARE @start DATETIME2(6), @end DATETIME2(6);
    SELECT TOP (1) @Partition = p.partition_number, @start = m.StartAt, @end = m.EndAt
    FROM sys.partitions AS p
    JOIN sys.partition_functions AS f ON f.name = N'PF_MonthlyPartition'
    JOIN sys.partition_range_values AS v
        ON v.function_id = f.function_id AND v.boundary_id = p.partition_number
    LEFT JOIN sys.partition_range_values AS u
        ON u.function_id = f.function_id AND u.boundary_id = p.partition_number - 1
    CROSS APPLY (
        SELECT
            COALESCE(TRY_CAST(u.value AS DATETIME2(6)), '0001-01-01') AS StartAt,
            TRY_CAST(v.value AS DATETIME2(6)) AS EndAt
    ) AS m
    WHERE p.object_id = OBJECT_ID(N'iot.SensorReadings')
        AND p.index_id IN (0, 1)
        AND p.rows > 0
        AND p.partition_number > @After
        AND m.EndAt <= @Before
        AND NOT EXISTS (
            SELECT 1
            FROM iot.SensorReadings_Archive AS a
            WHERE a.CreatedAt >= m.StartAt AND a.CreatedAt < m.EndAt
        )
        AND NOT EXISTS (
            SELECT 1
            FROM iot.Channels AS c
            JOIN iot.SensorReadings AS r
                ON r.ChannelID = c.ChannelID AND r.CreatedAt >= m.StartAt AND r.CreatedAt < m.EndAt
            WHERE c.ArchivedBefore IS NULL OR c.ArchivedBefore < m.EndAt
        )
    ORDER BY p.partition_number
    OPTION (RECOMPILE);
    IF @@ROWCOUNT = 0
        SET @Partition = NULL;
    SELECT @Readings = COUNT_BIG(*)
    FROM iot.SensorReadings AS r
    WHERE r.CreatedAt >= @start AND r.CreatedAt < @end
    OPTION (RECOMPILE);
    RETURN 0;
END;
