-- usp_RefreshAggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were.
-- No channel ids: all channels. Marks from before a channel's ArchivedBefore are dropped.
CREATE OR ALTER PROCEDURE iot.usp_RefreshAggregates
    @AggregationType NVARCHAR(10),
    @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    -- include check_type
    -- include take_periods
    CREATE TABLE #periods (
        ChannelID INT NOT NULL,
        PeriodStart DATETIME2(6) NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        DECLARE
            @ids NVARCHAR(MAX) = (
                SELECT CONCAT(N'[', STRING_AGG(CAST(c.ChannelID AS NVARCHAR(MAX)), N','), N']')
                FROM (
                    SELECT DISTINCT m.ChannelID
                    FROM iot.PeriodMarks AS m
                    WHERE m.AggregationType = @AggregationType
                        AND (
                            @ChannelIDs IS NULL
                            OR m.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
                        )
                ) AS c
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
        DELETE m
        FROM #ids AS i
        JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
        JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
            ON m.AggregationType = @AggregationType
                AND m.ChannelID = i.ChannelID
                AND m.PeriodStart < c.ArchivedBefore
        OPTION (LOOP JOIN);
        -- taken away before the readings are read: what is marked from here on is a mark of its own
        DELETE FROM iot.PeriodMarks WITH (ROWLOCK, FORCESEEK)
        OUTPUT deleted.ChannelID, deleted.PeriodStart INTO #periods (ChannelID, PeriodStart)
        WHERE AggregationType = @AggregationType
            AND ChannelID IN (SELECT i.ChannelID FROM #ids AS i)
            AND ChannelID BETWEEN @first AND @last
        OPTION (LOOP JOIN);
        EXEC iot.usp_FillTaken @AggregationType = @AggregationType;
        EXEC iot.usp_RecomputeTaken @AggregationType = @AggregationType;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT COUNT_BIG(*) AS Periods FROM #taken;
    RETURN 0;
END;
