-- usp_ProcessSensorReadings: recompute by hand the periods that touch [start, end); NULL dates are the seven
-- days before as-of. How many they were; the hours that days and weeks are merged from are recomputed with them.
-- The runs of the pipeline do it for every period they touch. At most 20,000 a transaction, the hours first.
CREATE OR ALTER PROCEDURE iot.usp_ProcessSensorReadings
    @ChannelID INT,
    @AggregationType NVARCHAR(10) = N'HOURLY',
    @StartDate DATETIME2(6) = NULL,
    @EndDate DATETIME2(6) = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    -- include check_type
    -- include take_periods
    CREATE TABLE #asked_periods (
        Number BIGINT NOT NULL,
        AggregationType NVARCHAR(10) COLLATE DATABASE_DEFAULT NOT NULL,
        PeriodStart DATETIME2(6) NOT NULL
    );
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @done BIGINT = 0, @count BIGINT;
    SET @EndDate = COALESCE(@EndDate, @AsOfTime, SYSUTCDATETIME());
    SET @StartDate = COALESCE(@StartDate, DATEADD(DAY, -7, COALESCE(@AsOfTime, SYSUTCDATETIME())));
    EXEC iot.usp_FindPeriods
        @ChannelID = @ChannelID,
        @AggregationType = @AggregationType,
        @StartDate = @StartDate,
        @EndDate = @EndDate;
    SET @count = (SELECT COUNT_BIG(*) FROM #asked_periods);
    WHILE @done < @count
    BEGIN
        DELETE FROM #periods;
        DELETE FROM #taken;
        BEGIN TRY
            BEGIN TRANSACTION;
            EXEC iot.usp_ShareArchive;
            EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
            INSERT INTO #periods (ChannelID, AggregationType, PeriodStart)
            SELECT c.ChannelID, a.AggregationType, a.PeriodStart
            FROM #asked_periods AS a
            JOIN iot.Channels AS c ON c.ChannelID = @ChannelID
            WHERE a.Number > @done
                AND a.Number <= @done + 20000
                AND (c.ArchivedBefore IS NULL OR a.PeriodStart >= c.ArchivedBefore);
            DELETE m
            FROM #periods AS p
            JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
                ON m.AggregationType = p.AggregationType
                    AND m.ChannelID = p.ChannelID
                    AND m.PeriodStart = p.PeriodStart
            OPTION (LOOP JOIN);
            EXEC iot.usp_FillTaken;
            EXEC iot.usp_RecomputeTaken;
            COMMIT TRANSACTION;
        END TRY
        BEGIN CATCH
            IF @@TRANCOUNT > 0
                ROLLBACK TRANSACTION;
            THROW;
        END CATCH;
        SET @done += 20000;
    END;
    SELECT COUNT_BIG(*) AS Periods
    FROM #asked_periods AS a
    JOIN iot.Channels AS c ON c.ChannelID = @ChannelID
    WHERE a.AggregationType = @AggregationType
        AND (c.ArchivedBefore IS NULL OR a.PeriodStart >= c.ArchivedBefore);
    RETURN 0;
END;
