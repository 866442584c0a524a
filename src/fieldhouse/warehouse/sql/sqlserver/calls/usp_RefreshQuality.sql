-- usp_RefreshQuality(channel_ids, as_of): judge the touched days, today, and days judged before they had
-- ended; their rows. No channel ids: all channels. Days after as-of keep their marks. At most 1,000 days a
-- transaction: called outside of one, it commits turn by turn, and lets others write in between.
CREATE OR ALTER PROCEDURE iot.usp_RefreshQuality
    @ChannelIDs NVARCHAR(MAX) = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    DECLARE @ids NVARCHAR(MAX), @done BIGINT = 0, @count BIGINT;
    CREATE TABLE #asked_ids (
        ChannelID INT NOT NULL PRIMARY KEY
    );
    INSERT INTO #asked_ids (ChannelID)
    SELECT c.ChannelID
    FROM iot.Channels AS c
    WHERE @ChannelIDs IS NULL OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j);
    SELECT ROW_NUMBER() OVER (ORDER BY w.ChannelID, w.CheckDate) AS Number, w.ChannelID, w.CheckDate
    INTO #wanted
    FROM (
        SELECT m.ChannelID, CAST(m.PeriodStart AS DATE) AS CheckDate
        FROM #asked_ids AS i
        JOIN iot.PeriodMarks AS m ON m.AggregationType = N'QUALITY' AND m.ChannelID = i.ChannelID
        WHERE m.PeriodStart < @AsOfTime
        UNION
        SELECT i.ChannelID, CAST(@AsOfTime AS DATE) FROM #asked_ids AS i
        UNION
        SELECT q.ChannelID, q.CheckDate
        FROM #asked_ids AS i
        JOIN iot.DataQuality AS q ON q.ChannelID = i.ChannelID
        WHERE q.CheckDate < CAST(@AsOfTime AS DATE) AND CAST(q.AsOfTime AS DATE) <= q.CheckDate
    ) AS w
    JOIN iot.Channels AS c ON c.ChannelID = w.ChannelID
    WHERE c.ArchivedBefore IS NULL OR CAST(w.CheckDate AS DATETIME2(6)) >= c.ArchivedBefore;
    SET @count = (SELECT COUNT_BIG(*) FROM #wanted);
    CREATE TABLE #asked (
        ChannelID INT NOT NULL,
        CheckDate DATE NOT NULL
    );
    WHILE @done < @count
    BEGIN
        DELETE FROM #asked;
        INSERT INTO #asked (ChannelID, CheckDate)
        SELECT w.ChannelID, w.CheckDate FROM #wanted AS w WHERE w.Number > @done AND w.Number <= @done + 1000;
        SET @ids = (
                SELECT CONCAT(N'[', STRING_AGG(CAST(c.ChannelID AS NVARCHAR(MAX)), N','), N']')
                FROM (
                    SELECT DISTINCT a.ChannelID FROM #asked AS a
                ) AS c
            );
        BEGIN TRY
            BEGIN TRANSACTION;
            EXEC iot.usp_ShareArchive;
            EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
            -- taken away before the readings are read: what is marked from here on is a mark of its own
            DELETE m
            FROM #asked AS a
            JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
                ON m.AggregationType = N'QUALITY'
                    AND m.ChannelID = a.ChannelID
                    AND m.PeriodStart = CAST(a.CheckDate AS DATETIME2(6))
            OPTION (LOOP JOIN);
            EXEC iot.usp_JudgeDays @AsOfTime = @AsOfTime;
            COMMIT TRANSACTION;
        END TRY
        BEGIN CATCH
            IF @@TRANCOUNT > 0
                ROLLBACK TRANSACTION;
            THROW;
        END CATCH;
        SET @done += 1000;
    END;
    SELECT
        q.QualityID,
        q.ChannelID,
        q.CheckDate,
        q.TotalReadings,
        q.MissingReadings,
        q.OutOfRangeReadings,
        q.AnomaliesDetected,
        q.QualityScore,
        q.CadenceSeconds,
        q.ExpectedReadings,
        q.AbsentReadings,
        q.RangesConfigured,
        q.Notes,
        q.AsOfTime,
        q.CreatedAt
    FROM iot.DataQuality AS q
    JOIN #wanted AS w ON w.ChannelID = q.ChannelID AND w.CheckDate = q.CheckDate
    ORDER BY q.ChannelID, q.CheckDate;
    RETURN 0;
END;
