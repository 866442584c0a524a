-- usp_KeepDerived(channel_id, start_at, end_at, hours, marks, readings): put the derived readings of [start_at, end_at)
-- in the place of those that are held, as far as they differ, and mark their periods; how many differed. The hours, as
-- usp_TakeDerivedHours gave them, are done.
CREATE OR ALTER PROCEDURE iot.usp_KeepDerived
    @ChannelID INT,
    @StartAt DATETIME2(6),
    @EndAt DATETIME2(6),
    @Hours NVARCHAR(MAX),
    @Marks NVARCHAR(MAX),
    @Readings NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @gone BIGINT, @added BIGINT;
    DECLARE @near DATETIME2(6) = DATEADD(DAY, 1, SYSUTCDATETIME());
    CREATE TABLE #shown (
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        Field# DECIMAL(18, 6), -- each field
        PRIMARY KEY CLUSTERED (Epoch, EntryID)
    );
    INSERT INTO #shown (
        Epoch,
        EntryID,
        CreatedAt,
        Field# -- each field, comma between
    )
    SELECT
        j.Epoch,
        j.EntryID,
        j.CreatedAt,
        j.Field# -- each field, comma between
    FROM OPENJSON(@Readings) WITH (
        Epoch INT '$.Epoch',
        EntryID BIGINT '$.EntryID',
        CreatedAt DATETIME2(6) '$.CreatedAt',
        Field# DECIMAL(18, 6) '$.Field#' -- each field, comma between
    ) AS j;
    CREATE TABLE #placed (
        ReadingID BIGINT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        PRIMARY KEY CLUSTERED (Epoch, EntryID)
    );
    CREATE TABLE #held (
        ReadingID BIGINT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        IsSame BIT NOT NULL,
        PRIMARY KEY CLUSTERED (Epoch, EntryID)
    );
    CREATE TABLE #touched (
        ChannelID INT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        INSERT INTO #placed (ReadingID, Epoch, EntryID, CreatedAt)
        SELECT i.ReadingID, i.Epoch, i.EntryID, i.CreatedAt
        FROM iot.SensorReadings AS i WITH (FORCESEEK)
        WHERE i.ChannelID = @ChannelID AND i.CreatedAt >= @StartAt AND i.CreatedAt < @EndAt;
        -- of an entry whose time was another until now, the reading lies elsewhere: looked for in every partition
        INSERT INTO #placed (ReadingID, Epoch, EntryID, CreatedAt)
        SELECT i.ReadingID, i.Epoch, i.EntryID, i.CreatedAt
        FROM #shown AS s
        JOIN iot.SensorReadings AS i WITH (FORCESEEK)
            ON i.ChannelID = @ChannelID AND i.Epoch = s.Epoch AND i.EntryID = s.EntryID
        WHERE NOT EXISTS (SELECT 1 FROM #placed AS p WHERE p.Epoch = s.Epoch AND p.EntryID = s.EntryID)
        OPTION (LOOP JOIN);
        INSERT INTO #held (ReadingID, Epoch, EntryID, CreatedAt, IsSame)
        SELECT
            r.ReadingID,
            r.Epoch,
            r.EntryID,
            r.CreatedAt,
            CASE
                WHEN EXISTS (
                    SELECT
                        d.CreatedAt,
                        -- each field, comma between
                        d.Field#
                    -- end
                    INTERSECT
                    SELECT
                        r.CreatedAt,
                        -- each field, comma between
                        r.Field#
                    -- end
                ) THEN 1
                ELSE 0
            END
        FROM #placed AS o
        JOIN iot.SensorReadings AS r WITH (FORCESEEK)
            ON r.ReadingID = o.ReadingID AND r.CreatedAt = o.CreatedAt
        LEFT JOIN #shown AS d ON d.Epoch = r.Epoch AND d.EntryID = r.EntryID
        OPTION (LOOP JOIN);
        INSERT INTO #touched (ChannelID, CreatedAt)
        SELECT @ChannelID, h.CreatedAt FROM #held AS h WHERE h.IsSame = 0;
        SET @gone = @@ROWCOUNT;
        DELETE r
        FROM #held AS h
        JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
            ON r.ReadingID = h.ReadingID AND r.CreatedAt = h.CreatedAt
        WHERE h.IsSame = 0
        OPTION (LOOP JOIN);
        DELETE d
        FROM #shown AS d
        JOIN #held AS h ON h.Epoch = d.Epoch AND h.EntryID = d.EntryID
        WHERE h.IsSame = 1;
        INSERT INTO iot.SensorReadings (
            ChannelID,
            Epoch,
            EntryID,
            CreatedAt,
            Field# -- each field, comma between
        )
        SELECT
            @ChannelID,
            d.Epoch,
            d.EntryID,
            d.CreatedAt,
            d.Field# -- each field, comma between
        FROM #shown AS d
        ORDER BY d.CreatedAt, d.Epoch, d.EntryID
        -- the foreign key is checked row by row: a scan of Channels would wait for other loads' new channels
        OPTION (LOOP JOIN);
        SET @added = @@ROWCOUNT;
        INSERT INTO #touched (ChannelID, CreatedAt)
        SELECT @ChannelID, d.CreatedAt FROM #shown AS d;

        SELECT
            d.Epoch,
            MIN(d.EntryID) AS LowestEntryID,
            MAX(d.EntryID) AS HighestEntryID,
            MIN(d.CreatedAt) AS FirstCreatedAt,
            MAX(d.CreatedAt) AS LastCreatedAt,
            MAX(CASE WHEN d.CreatedAt < @near THEN d.CreatedAt END) AS NewestCreatedAt
        INTO #lived
        FROM #shown AS d
        GROUP BY d.Epoch;
        INSERT INTO iot.Epochs (ChannelID, Epoch)
        SELECT @ChannelID, l.Epoch
        FROM #lived AS l
        WHERE NOT EXISTS (SELECT 1 FROM iot.Epochs AS e WHERE e.ChannelID = @ChannelID AND e.Epoch = l.Epoch);
        UPDATE e
        SET
            LowestEntryID = CASE
                WHEN e.LowestEntryID < l.LowestEntryID THEN e.LowestEntryID
                ELSE l.LowestEntryID
            END,
            HighestEntryID = CASE
                WHEN e.HighestEntryID > l.HighestEntryID THEN e.HighestEntryID
                ELSE l.HighestEntryID
            END,
            FirstCreatedAt = CASE
                WHEN e.FirstCreatedAt < l.FirstCreatedAt THEN e.FirstCreatedAt
                ELSE l.FirstCreatedAt
            END,
            LastCreatedAt = CASE
                WHEN e.LastCreatedAt > l.LastCreatedAt THEN e.LastCreatedAt
                ELSE l.LastCreatedAt
            END,
            NewestEntryID = CASE
                WHEN l.NewestCreatedAt IS NULL OR l.NewestCreatedAt < e.NewestCreatedAt THEN e.NewestEntryID
                ELSE (
                    SELECT MAX(d.EntryID)
                    FROM #shown AS d
                    WHERE d.Epoch = l.Epoch AND d.CreatedAt = l.NewestCreatedAt
                )
            END,
            NewestCreatedAt = CASE
                WHEN l.NewestCreatedAt IS NULL OR l.NewestCreatedAt < e.NewestCreatedAt THEN e.NewestCreatedAt
                ELSE l.NewestCreatedAt
            END
        FROM #lived AS l
        JOIN iot.Epochs AS e ON e.ChannelID = @ChannelID AND e.Epoch = l.Epoch;

        UPDATE k
        SET
            Readings = k.Readings - @gone + @added,
            FirstReading = CASE
                WHEN k.FirstReading < t.FirstReading THEN k.FirstReading
                ELSE t.FirstReading
            END,
            LastReading = CASE WHEN k.LastReading > t.LastReading THEN k.LastReading ELSE t.LastReading END
        FROM iot.ReadingCounts AS k
        CROSS JOIN (
            SELECT MIN(d.CreatedAt) AS FirstReading, MAX(d.CreatedAt) AS LastReading FROM #touched AS d
        ) AS t
        WHERE k.ChannelID = @ChannelID AND t.FirstReading IS NOT NULL;
        IF @@ROWCOUNT = 0
            INSERT INTO iot.ReadingCounts (ChannelID, Readings, FirstReading, LastReading)
            SELECT @ChannelID, COUNT_BIG(*), MIN(d.CreatedAt), MAX(d.CreatedAt)
            FROM #shown AS d
            WHERE NOT EXISTS (SELECT 1 FROM iot.ReadingCounts AS k WHERE k.ChannelID = @ChannelID)
            HAVING COUNT_BIG(*) > 0;

        SELECT DISTINCT t.ChannelID, DATEDIFF(HOUR, CAST('0001-01-01' AS DATETIME2(6)), t.CreatedAt) AS Hour
        INTO #hours
        FROM #touched AS t;
        -- include mark_hours
        DELETE m
        FROM iot.DerivedMarks AS m
        JOIN OPENJSON(@Hours) AS z ON CAST(z.value AS DATETIME2(6)) = m.Hour
        WHERE m.ChannelID = @ChannelID AND m.IsTaken = 1 AND @Marks IS NOT NULL;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @gone + @added AS Changed;
    RETURN 0;
END;
