-- usp_RefreshAnomalies(channel_ids, as_of): judge the marked days by what was known before them; how many they were.
-- No channel ids: all channels. Days after as-of keep their marks, days before a channel's ArchivedBefore lose them.
-- At most 200 days a transaction: called outside of one, it commits turn by turn, and lets others write in between.
-- Days in which what counts as unusual changes are marked, so that their quality is judged again.
--
-- A value x of an hour is scored by the level m and the spread s of such hours: z = (x - m) / s, of which FAR is |z|
-- and LEAN the mean of the last 24, each no more than 6. How rare both are among the channel's own scores so far makes
-- the score, -log10 of both shares together. A hit scores 4.6 or more (more where readings come more often than each
-- five minutes), or lies outside of all that was known by more than a twentieth of it.
CREATE OR ALTER PROCEDURE iot.usp_RefreshAnomalies
    @ChannelIDs NVARCHAR(MAX) = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE
        @today DATE = COALESCE(@AsOfTime, SYSUTCDATETIME()),
        @ids NVARCHAR(MAX),
        @days BIGINT = 0,
        @count BIGINT;
    CREATE TABLE #asked_ids (
        ChannelID INT NOT NULL PRIMARY KEY
    );
    INSERT INTO #asked_ids (ChannelID)
    SELECT c.ChannelID
    FROM iot.Channels AS c
    WHERE @ChannelIDs IS NULL OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j);
    CREATE TABLE #asked_days (
        ChannelID INT NOT NULL,
        Day DATE NOT NULL,
        PRIMARY KEY (ChannelID, Day)
    );
    -- an end that is NULL lies beyond the day
    CREATE TABLE #unusual_days (
        IsAfter BIT NOT NULL,
        ChannelID INT NOT NULL,
        CheckDate DATE NOT NULL,
        FieldNumber INT NOT NULL,
        StartedAt DATETIME2(6),
        EndedAt DATETIME2(6)
    );
    DELETE m
    FROM #asked_ids AS i
    JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
    JOIN iot.AnomalyMarks AS m
        ON m.ChannelID = i.ChannelID AND CAST(m.Day AS DATETIME2(6)) < c.ArchivedBefore;
    -- four hundred days before a channel's newest no day is judged: a long history costs no more than a year of it
    DELETE m
    FROM (
        SELECT d.ChannelID, MAX(d.Day) AS NewestDay
        FROM (
            SELECT x.ChannelID, x.Day FROM iot.AnomalyMarks AS x WHERE x.Day <= @today
            UNION ALL
            SELECT n.ChannelID, n.NewestDay FROM iot.AnomalyChannels AS n
        ) AS d
        JOIN #asked_ids AS i ON i.ChannelID = d.ChannelID
        GROUP BY d.ChannelID
    ) AS h
    JOIN iot.AnomalyMarks AS m ON m.ChannelID = h.ChannelID AND DATEDIFF(DAY, m.Day, h.NewestDay) > 400;
    -- until there are no marks: those of one turn may have been another session's while their lock was waited for
    WHILE @ids IS NULL OR @ids <> N'[]'
    BEGIN
        BEGIN TRY
            BEGIN TRANSACTION;
            EXEC iot.usp_ShareArchive;
            SET @ids = (
                    SELECT CONCAT(N'[', STRING_AGG(CAST(w.ChannelID AS NVARCHAR(MAX)), N','), N']')
                    FROM (
                        SELECT DISTINCT t.ChannelID
                        FROM (
                            SELECT TOP (200) m.ChannelID
                            FROM #asked_ids AS i
                            JOIN iot.AnomalyMarks AS m ON m.ChannelID = i.ChannelID AND m.Day <= @today
                            ORDER BY m.ChannelID, m.Day
                        ) AS t
                    ) AS w
                );
            EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
            EXEC iot.usp_RestartAnomalies @ChannelIDs = @ids;
            DELETE FROM #asked_days;
            INSERT INTO #asked_days (ChannelID, Day)
            SELECT TOP (200) m.ChannelID, m.Day
            FROM (
                SELECT DISTINCT CAST(j.value AS INT) AS ChannelID FROM OPENJSON(@ids) AS j
            ) AS i
            JOIN iot.AnomalyMarks AS m ON m.ChannelID = i.ChannelID AND m.Day <= @today
            ORDER BY m.ChannelID, m.Day;
            SET @count = @@ROWCOUNT;
            -- taken away before the readings are read: what is marked from here on is a mark of its own
            DELETE m
            FROM iot.AnomalyMarks AS m
            JOIN #asked_days AS a ON a.ChannelID = m.ChannelID AND a.Day = m.Day;
            IF @count > 0
            BEGIN
                DELETE FROM #unusual_days;
                EXEC iot.usp_FindUnusualDays @IsAfter = 0;
                EXEC iot.usp_ModelDays;
                EXEC iot.usp_FindAnomalies;
                EXEC iot.usp_ForgetModels;
                EXEC iot.usp_FindUnusualDays @IsAfter = 1;
                INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
                SELECT DISTINCT c.ChannelID, N'QUALITY', CAST(c.CheckDate AS DATETIME2(6))
                FROM (
                    SELECT u.ChannelID, u.CheckDate
                    FROM #unusual_days AS u
                    GROUP BY u.ChannelID, u.CheckDate, u.FieldNumber, u.StartedAt, u.EndedAt
                    HAVING SUM(CASE WHEN u.IsAfter = 1 THEN 1 ELSE -1 END) <> 0
                ) AS c;
            END;
            COMMIT TRANSACTION;
        END TRY
        BEGIN CATCH
            IF @@TRANCOUNT > 0
                ROLLBACK TRANSACTION;
            THROW;
        END CATCH;
        SET @days += @count;
    END;
    SELECT @days AS Days;
    RETURN 0;
END;
