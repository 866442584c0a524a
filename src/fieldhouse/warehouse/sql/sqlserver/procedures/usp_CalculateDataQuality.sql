-- usp_CalculateDataQuality: judge one day of a channel and keep the judgement; its row. A NULL date is the
-- day of as-of; one before the channel's first reading is refused.
CREATE OR ALTER PROCEDURE iot.usp_CalculateDataQuality
    @ChannelID INT,
    @CheckDate DATE = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @given DATE = @CheckDate, @first DATE, @said NVARCHAR(400);
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SET @CheckDate = COALESCE(@CheckDate, CAST(@AsOfTime AS DATE));
    IF NOT EXISTS (SELECT 1 FROM iot.Channels AS c WHERE c.ChannelID = @ChannelID)
    BEGIN
        SET @said = CONCAT(N'channel ', COALESCE(@ChannelID, 0), N' is not in the warehouse');
        THROW 51001, @said, 1;
    END;
    SET @first = (
            SELECT CAST(MIN(f.CreatedAt) AS DATE)
            FROM (
                SELECT MIN(r.CreatedAt) AS CreatedAt FROM iot.AllReadings AS r WHERE r.ChannelID = @ChannelID
                UNION ALL
                SELECT MIN(c.CreatedAt) FROM iot.CorrectedReadings AS c WHERE c.ChannelID = @ChannelID
            ) AS f
        );
    IF @first IS NULL AND @given IS NOT NULL
    BEGIN
        SET @said = CONCAT(N'channel ', @ChannelID, N' has no reading yet');
        THROW 51001, @said, 1;
    END;
    IF @first > @CheckDate
    BEGIN
        SET @said = CONCAT(
                N'channel ',
                @ChannelID,
                N' has nothing to judge on ',
                CONVERT(NCHAR(10), @CheckDate, 126),
                N': its first reading is of ',
                CONVERT(NCHAR(10), @first, 126)
            );
        THROW 51001, @said, 1;
    END;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']');
    CREATE TABLE #asked (
        ChannelID INT NOT NULL,
        CheckDate DATE NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
        -- a day of which readings are archived keeps what it was judged
        INSERT INTO #asked (ChannelID, CheckDate)
        SELECT c.ChannelID, @CheckDate
        FROM iot.Channels AS c
        WHERE c.ChannelID = @ChannelID AND (c.ArchivedBefore IS NULL OR c.ArchivedBefore <= @CheckDate);
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
    WHERE q.ChannelID = @ChannelID AND q.CheckDate = @CheckDate;
    RETURN 0;
END;
