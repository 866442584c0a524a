-- usp_ProcessSensorReadings: recompute by hand the periods that touch [start, end); NULL dates are the seven
-- days before as-of. How many they were. The runs of the pipeline do it for every period they touch.
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
    CREATE TABLE #periods (
        ChannelID INT NOT NULL,
        PeriodStart DATETIME2(6) NOT NULL
    );
    DECLARE @base DATETIME2(6) = '0001-01-01', @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'); -- a Monday
    DECLARE
        @hours INT = CASE @AggregationType
            WHEN N'HOURLY' THEN 1
            WHEN N'DAILY' THEN 24
            ELSE 168
        END;
    SET @EndDate = COALESCE(@EndDate, @AsOfTime, SYSUTCDATETIME());
    SET @StartDate = COALESCE(@StartDate, DATEADD(DAY, -7, COALESCE(@AsOfTime, SYSUTCDATETIME())));
    SET @StartDate = DATEADD(HOUR, DATEDIFF(HOUR, @base, @StartDate) / @hours * @hours, @base);
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
        INSERT INTO #periods (ChannelID, PeriodStart)
        SELECT p.ChannelID, p.PeriodStart
        FROM (
            -- numbers are told apart more cheaply than instants
            SELECT d.ChannelID, DATEADD(HOUR, d.Number * @hours, @base) AS PeriodStart
            FROM (
                SELECT DISTINCT r.ChannelID, DATEDIFF(HOUR, @base, r.CreatedAt) / @hours AS Number
                FROM iot.CurrentReadings AS r
                WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @StartDate AND r.CreatedAt < @EndDate
            ) AS d
            UNION
            SELECT g.ChannelID, g.PeriodStart
            FROM iot.AggregatedData AS g
            WHERE g.ChannelID = @ChannelID
                AND g.AggregationType = @AggregationType
                AND g.PeriodStart >= @StartDate
                AND g.PeriodStart < @EndDate
        ) AS p
        JOIN iot.Channels AS c ON c.ChannelID = p.ChannelID
        WHERE c.ArchivedBefore IS NULL OR p.PeriodStart >= c.ArchivedBefore;
        DELETE m
        FROM #periods AS p
        JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
            ON m.AggregationType = @AggregationType
                AND m.ChannelID = p.ChannelID
                AND m.PeriodStart = p.PeriodStart
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
