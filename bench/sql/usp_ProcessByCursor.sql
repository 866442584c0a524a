-- The seed's way of aggregating, for the bench only: a cursor over the periods, a statement for each. Its MERGE
-- is an UPDATE, and an INSERT where that found nothing, since Babelfish has no MERGE; it has eight fields here.
CREATE PROCEDURE seed.usp_ProcessByCursor
    @ChannelID INT,
    @AggregationType NVARCHAR(10),
    @StartDate DATETIME2(6),
    @EndDate DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #Periods (
        PeriodStart DATETIME2(6) NOT NULL,
        PeriodEnd DATETIME2(6) NOT NULL
    );
    DECLARE
        @hours INT = CASE @AggregationType
            WHEN N'HOURLY' THEN 1
            WHEN N'DAILY' THEN 24
            ELSE 168
        END,
        @PStart DATETIME2(6) = @StartDate,
        @PEnd DATETIME2(6),
        @ReadingCount BIGINT,
        @Field1Avg DECIMAL(18, 6),
        @Field1Min DECIMAL(18, 6),
        @Field1Max DECIMAL(18, 6),
        @Field1StdDev FLOAT,
        @Field2Avg DECIMAL(18, 6),
        @Field2Min DECIMAL(18, 6),
        @Field2Max DECIMAL(18, 6),
        @Field2StdDev FLOAT,
        @Field3Avg DECIMAL(18, 6),
        @Field3Min DECIMAL(18, 6),
        @Field3Max DECIMAL(18, 6),
        @Field3StdDev FLOAT,
        @Field4Avg DECIMAL(18, 6),
        @Field4Min DECIMAL(18, 6),
        @Field4Max DECIMAL(18, 6),
        @Field4StdDev FLOAT,
        @Field5Avg DECIMAL(18, 6),
        @Field5Min DECIMAL(18, 6),
        @Field5Max DECIMAL(18, 6),
        @Field5StdDev FLOAT,
        @Field6Avg DECIMAL(18, 6),
        @Field6Min DECIMAL(18, 6),
        @Field6Max DECIMAL(18, 6),
        @Field6StdDev FLOAT,
        @Field7Avg DECIMAL(18, 6),
        @Field7Min DECIMAL(18, 6),
        @Field7Max DECIMAL(18, 6),
        @Field7StdDev FLOAT,
        @Field8Avg DECIMAL(18, 6),
        @Field8Min DECIMAL(18, 6),
        @Field8Max DECIMAL(18, 6),
        @Field8StdDev FLOAT;
    BEGIN TRANSACTION;
    WHILE @PStart < @EndDate
    BEGIN
        SET @PEnd = DATEADD(HOUR, @hours, @PStart);
        INSERT INTO #Periods (PeriodStart, PeriodEnd)
        VALUES (@PStart, @PEnd);
        SET @PStart = @PEnd;
    END;

    DECLARE period_cursor CURSOR FOR
    SELECT p.PeriodStart, p.PeriodEnd FROM #Periods AS p ORDER BY p.PeriodStart;
    OPEN period_cursor;
    FETCH NEXT FROM period_cursor INTO @PStart, @PEnd;
    WHILE @@FETCH_STATUS = 0
    BEGIN
        SELECT
            @ReadingCount = COUNT_BIG(*),
            @Field1Avg = AVG(r.Field1),
            @Field1Min = MIN(r.Field1),
            @Field1Max = MAX(r.Field1),
            @Field1StdDev = STDEV(r.Field1),
            @Field2Avg = AVG(r.Field2),
            @Field2Min = MIN(r.Field2),
            @Field2Max = MAX(r.Field2),
            @Field2StdDev = STDEV(r.Field2),
            @Field3Avg = AVG(r.Field3),
            @Field3Min = MIN(r.Field3),
            @Field3Max = MAX(r.Field3),
            @Field3StdDev = STDEV(r.Field3),
            @Field4Avg = AVG(r.Field4),
            @Field4Min = MIN(r.Field4),
            @Field4Max = MAX(r.Field4),
            @Field4StdDev = STDEV(r.Field4),
            @Field5Avg = AVG(r.Field5),
            @Field5Min = MIN(r.Field5),
            @Field5Max = MAX(r.Field5),
            @Field5StdDev = STDEV(r.Field5),
            @Field6Avg = AVG(r.Field6),
            @Field6Min = MIN(r.Field6),
            @Field6Max = MAX(r.Field6),
            @Field6StdDev = STDEV(r.Field6),
            @Field7Avg = AVG(r.Field7),
            @Field7Min = MIN(r.Field7),
            @Field7Max = MAX(r.Field7),
            @Field7StdDev = STDEV(r.Field7),
            @Field8Avg = AVG(r.Field8),
            @Field8Min = MIN(r.Field8),
            @Field8Max = MAX(r.Field8),
            @Field8StdDev = STDEV(r.Field8)
        FROM iot.SensorReadings AS r
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @PStart AND r.CreatedAt < @PEnd;
        UPDATE seed.AggregatedData
        SET
            Field1Avg = @Field1Avg,
            Field1Min = @Field1Min,
            Field1Max = @Field1Max,
            Field1StdDev = @Field1StdDev,
            Field2Avg = @Field2Avg,
            Field2Min = @Field2Min,
            Field2Max = @Field2Max,
            Field2StdDev = @Field2StdDev,
            Field3Avg = @Field3Avg,
            Field3Min = @Field3Min,
            Field3Max = @Field3Max,
            Field3StdDev = @Field3StdDev,
            Field4Avg = @Field4Avg,
            Field4Min = @Field4Min,
            Field4Max = @Field4Max,
            Field4StdDev = @Field4StdDev,
            Field5Avg = @Field5Avg,
            Field5Min = @Field5Min,
            Field5Max = @Field5Max,
            Field5StdDev = @Field5StdDev,
            Field6Avg = @Field6Avg,
            Field6Min = @Field6Min,
            Field6Max = @Field6Max,
            Field6StdDev = @Field6StdDev,
            Field7Avg = @Field7Avg,
            Field7Min = @Field7Min,
            Field7Max = @Field7Max,
            Field7StdDev = @Field7StdDev,
            Field8Avg = @Field8Avg,
            Field8Min = @Field8Min,
            Field8Max = @Field8Max,
            Field8StdDev = @Field8StdDev,
            PeriodEnd = @PEnd,
            ReadingCount = @ReadingCount,
            CreatedAt = SYSUTCDATETIME()
        WHERE ChannelID = @ChannelID AND AggregationType = @AggregationType AND PeriodStart = @PStart;
        IF @@ROWCOUNT = 0
            INSERT INTO seed.AggregatedData (
                ChannelID,
                AggregationType,
                PeriodStart,
                PeriodEnd,
                Field1Avg,
                Field1Min,
                Field1Max,
                Field1StdDev,
                Field2Avg,
                Field2Min,
                Field2Max,
                Field2StdDev,
                Field3Avg,
                Field3Min,
                Field3Max,
                Field3StdDev,
                Field4Avg,
                Field4Min,
                Field4Max,
                Field4StdDev,
                Field5Avg,
                Field5Min,
                Field5Max,
                Field5StdDev,
                Field6Avg,
                Field6Min,
                Field6Max,
                Field6StdDev,
                Field7Avg,
                Field7Min,
                Field7Max,
                Field7StdDev,
                Field8Avg,
                Field8Min,
                Field8Max,
                Field8StdDev,
                ReadingCount
            )
            VALUES (
                @ChannelID,
                @AggregationType,
                @PStart,
                @PEnd,
                @Field1Avg,
                @Field1Min,
                @Field1Max,
                @Field1StdDev,
                @Field2Avg,
                @Field2Min,
                @Field2Max,
                @Field2StdDev,
                @Field3Avg,
                @Field3Min,
                @Field3Max,
                @Field3StdDev,
                @Field4Avg,
                @Field4Min,
                @Field4Max,
                @Field4StdDev,
                @Field5Avg,
                @Field5Min,
                @Field5Max,
                @Field5StdDev,
                @Field6Avg,
                @Field6Min,
                @Field6Max,
                @Field6StdDev,
                @Field7Avg,
                @Field7Min,
                @Field7Max,
                @Field7StdDev,
                @Field8Avg,
                @Field8Min,
                @Field8Max,
                @Field8StdDev,
                @ReadingCount
            );
        FETCH NEXT FROM period_cursor INTO @PStart, @PEnd;
    END;
    CLOSE period_cursor;
    DEALLOCATE period_cursor;
    COMMIT TRANSACTION;
    RETURN 0;
END;
