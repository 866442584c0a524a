-- usp_SettleEntries(channel_id, epoch, at, horizon, entry_ids, created_ats, findings): what was found out about
-- readings of an epoch: 'withdrawn', 'disputed', 'kept' (in spite of the source), 'present', 'dropped'. How
-- many readings count from now on, or no longer.
CREATE OR ALTER PROCEDURE iot.usp_SettleEntries
    @ChannelID INT,
    @Epoch INT,
    @At DATETIME2(6),
    @Horizon DATETIME2(6),
    @EntryIDs NVARCHAR(MAX),
    @CreatedAts NVARCHAR(MAX),
    @Findings NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @readings BIGINT;
    CREATE TABLE #found (
        EntryID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        Finding NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL
    );
    INSERT INTO #found (EntryID, CreatedAt, Finding)
    SELECT CAST(i.value AS BIGINT), CAST(c.value AS DATETIME2(6)), f.value
    FROM OPENJSON(@EntryIDs) AS i
    JOIN OPENJSON(@CreatedAts) AS c ON c.[key] = i.[key]
    JOIN OPENJSON(@Findings) AS f ON f.[key] = i.[key];
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        DELETE d
        FROM #found AS f
        JOIN iot.Disputes AS d WITH (ROWLOCK, FORCESEEK)
            ON d.ChannelID = @ChannelID AND d.Epoch = @Epoch AND d.EntryID = f.EntryID;
        INSERT INTO iot.Disputes (ChannelID, Epoch, EntryID, CreatedAt, RaisedAt, State)
        SELECT
            @ChannelID,
            @Epoch,
            f.EntryID,
            MIN(f.CreatedAt),
            @At,
            MIN(CASE WHEN f.Finding = N'kept' THEN N'kept' ELSE N'open' END)
        FROM #found AS f
        WHERE f.Finding IN (N'disputed', N'kept')
        GROUP BY f.EntryID;

        SELECT
            r.ReadingID,
            r.ChannelID,
            r.CreatedAt,
            CASE WHEN f.Finding = N'withdrawn' THEN @At END AS WithdrawnAt
        INTO #touched
        FROM #found AS f
        JOIN iot.AllReadings AS r WITH (FORCESEEK)
            ON r.ChannelID = @ChannelID
                AND r.Epoch = @Epoch
                AND r.EntryID = f.EntryID
                AND r.CreatedAt = f.CreatedAt
        WHERE (f.Finding = N'withdrawn' AND r.WithdrawnAt IS NULL)
            OR (f.Finding = N'present' AND r.WithdrawnAt IS NOT NULL)
        OPTION (LOOP JOIN);
        SET @readings = @@ROWCOUNT;
        UPDATE r
        SET WithdrawnAt = t.WithdrawnAt
        FROM #touched AS t
        JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
            ON r.ReadingID = t.ReadingID AND r.CreatedAt = t.CreatedAt
        OPTION (LOOP JOIN);
        UPDATE r
        SET WithdrawnAt = t.WithdrawnAt
        FROM #touched AS t
        JOIN iot.SensorReadings_Archive AS r WITH (ROWLOCK, FORCESEEK)
            ON r.ReadingID = t.ReadingID AND r.CreatedAt = t.CreatedAt
        OPTION (LOOP JOIN);
        UPDATE k
        SET Withdrawn = k.Withdrawn + COALESCE(c.Gone, 0) - COALESCE(c.Back, 0)
        FROM (
            SELECT
                COUNT_BIG(DISTINCT CASE WHEN t.WithdrawnAt IS NOT NULL THEN t.ReadingID END) AS Gone,
                COUNT_BIG(DISTINCT CASE WHEN t.WithdrawnAt IS NULL THEN t.ReadingID END) AS Back
            FROM #touched AS t
        ) AS c
        CROSS JOIN iot.ReadingCounts AS k WITH (ROWLOCK, FORCESEEK)
        WHERE k.ChannelID = @ChannelID;
        EXEC iot.usp_MarkPeriods;
        EXEC iot.usp_FindNewest @ChannelID = @ChannelID, @Epoch = @Epoch, @Horizon = @Horizon;

        INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
        SELECT N'usp_SettleEntries', @ChannelID, @readings, CONCAT(N'epoch ', @Epoch)
        WHERE EXISTS (SELECT 1 FROM #found);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @readings AS Readings;
    RETURN 0;
END;
