-- usp_RefreshQuality(channel_ids, as_of): judge the touched days, today, and days judged before they had
-- ended; their rows. No channel ids: all channels. Days after as-of keep their marks.
CREATE OR ALTER PROCEDURE iot.usp_RefreshQuality
    @ChannelIDs NVARCHAR(MAX) = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    CREATE TABLE #asked (
        ChannelID INT NOT NULL,
        CheckDate DATE NOT NULL
    );
    CREATE TABLE #marked (
        ChannelID INT NOT NULL,
        PeriodStart DATETIME2(6) NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        DECLARE
            @ids NVARCHAR(MAX) = (
                SELECT CONCAT(N'[', STRING_AGG(CAST(c.ChannelID AS NVARCHAR(MAX)), N','), N']')
                FROM iot.Channels AS c
                WHERE @ChannelIDs IS NULL
                    OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
            );
        EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
        CREATE TABLE #ids (
            ChannelID INT NOT NULL PRIMARY KEY
        );
        INSERT INTO #ids (ChannelID)
        SELECT DISTINCT CAST(j.value AS INT) FROM OPENJSON(@ids) AS j;
        DECLARE
            @first INT = (SELECT MIN(i.ChannelID) FROM #ids AS i),
            @last INT = (SELECT MAX(i.ChannelID) FROM #ids AS i);
        -- taken away before the readings are read: what is marked from here on is a mark of its own
        DELETE FROM iot.PeriodMarks WITH (ROWLOCK, FORCESEEK)
        OUTPUT deleted.ChannelID, deleted.PeriodStart INTO #marked (ChannelID, PeriodStart)
        WHERE AggregationType = N'QUALITY'
            AND PeriodStart < @AsOfTime
            AND ChannelID IN (SELECT i.ChannelID FROM #ids AS i)
            AND ChannelID BETWEEN @first AND @last
        OPTION (LOOP JOIN);
        INSERT INTO #asked (ChannelID, CheckDate)
        SELECT DISTINCT d.ChannelID, d.CheckDate
        FROM (
            SELECT m.ChannelID, CAST(m.PeriodStart AS DATE) AS CheckDate FROM #marked AS m
            UNION ALL
            SELECT c.ChannelID, CAST(@AsOfTime AS DATE) FROM iot.Channels AS c
            UNION ALL
            SELECT q.ChannelID, q.CheckDate
            FROM iot.DataQuality AS q
            WHERE q.CheckDate < CAST(@AsOfTime AS DATE) AND CAST(q.AsOfTime AS DATE) <= q.CheckDate
        ) AS d
        JOIN iot.Channels AS c ON c.ChannelID = d.ChannelID
        WHERE d.ChannelID IN (SELECT i.ChannelID FROM #ids AS i)
            AND (c.ArchivedBefore IS NULL OR CAST(d.CheckDate AS DATETIME2(6)) >= c.ArchivedBefore);
        EXEC iot.usp_JudgeDays @AsOfTime = @AsOfTime;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
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
    JOIN #asked AS a ON a.ChannelID = q.ChannelID AND a.CheckDate = q.CheckDate
    ORDER BY q.ChannelID, q.CheckDate;
    RETURN 0;
END;
