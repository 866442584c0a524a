-- usp_ArchiveReadings(before): move the readings of all channels from before an instant to the archive; how
-- many. Nothing before it is recomputed from then on, for any channel that has readings. In monthly
-- partitions a whole month is switched where that can be; all else is moved in batches, each a transaction of its
-- own.
CREATE OR ALTER PROCEDURE iot.usp_ArchiveReadings @Before DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @moved BIGINT = 0, @some INT = 1, @refused NVARCHAR(400);
    IF @Before IS NULL OR @Before > DATEADD(DAY, -31, SYSUTCDATETIME())
        THROW 51001, N'only what is more than 31 days old can be archived: name an earlier date', 1;

    BEGIN TRY
        -- first of all: from now on nothing before it is recomputed, though the move may stop halfway
        SELECT c.ChannelID
        INTO #archived
        FROM iot.Channels AS c
        JOIN iot.ReadingCounts AS k ON k.ChannelID = c.ChannelID
        WHERE c.ArchivedBefore IS NULL OR c.ArchivedBefore < @Before;
        UPDATE c
        SET ArchivedBefore = @Before
        FROM #archived AS a
        JOIN iot.Channels AS c WITH (ROWLOCK, FORCESEEK) ON c.ChannelID = a.ChannelID
        OPTION (LOOP JOIN);
        IF EXISTS (SELECT 1 FROM sys.partition_schemes AS s WHERE s.name = N'PS_MonthlyPartition')
           AND SERVERPROPERTY('BabelfishVersion') IS NULL
            EXEC iot.usp_SwitchMonths @Before = @Before, @Moved = @moved OUTPUT, @Refused = @refused OUTPUT;
        WHILE @some > 0
        BEGIN
            BEGIN TRANSACTION;
            EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Exclusive';
            EXEC iot.usp_MoveBatch @Before = @Before, @Moved = @some OUTPUT;
            COMMIT TRANSACTION;
            SET @moved += @some;
        END;
        EXEC iot.usp_PackArchive;
        INSERT INTO iot.AuditTrail (Action, Updated, Detail)
        VALUES (
            N'usp_ArchiveReadings',
            @moved,
            CONCAT(CONVERT(NVARCHAR(30), @Before, 126), N'; refused: ' + @refused)
        );
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @moved AS Readings;
    RETURN 0;
END;
