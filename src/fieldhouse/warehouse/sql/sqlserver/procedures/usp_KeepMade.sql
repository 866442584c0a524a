-- usp_KeepMade: the statistics in #made(Period, ...) as rows of iot.AggregatedData; of the hours in #taken, or of
-- its days and weeks. One that has no readings any more loses its row.
CREATE OR ALTER PROCEDURE iot.usp_KeepMade @Hours BIT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #kept_rows (
        Period BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        AggregationID BIGINT NOT NULL
    );
    -- the rows that are there, by a seek for each period
    INSERT INTO #kept_rows (Period, AggregationID)
    SELECT t.Period, g.AggregationID
    FROM #taken AS t
    JOIN iot.AggregatedData AS g WITH (FORCESEEK)
        ON g.ChannelID = t.ChannelID
            AND g.AggregationType = t.AggregationType
            AND g.PeriodStart = t.PeriodStart
    WHERE CASE WHEN t.AggregationType = N'HOURLY' THEN 1 ELSE 0 END = @Hours
    OPTION (LOOP JOIN, FORCE ORDER);

    UPDATE g
    SET
        -- each field
        Field#Avg = m.Field#Avg,
        Field#Min = m.Field#Min,
        Field#Max = m.Field#Max,
        Field#StdDev = m.Field#StdDev,
        Field#Count = m.Field#Count,
        Field#Sum = m.Field#Sum,
        -- end
        ReadingCount = m.ReadingCount,
        CreatedAt = SYSUTCDATETIME()
    FROM #kept_rows AS k
    JOIN iot.AggregatedData AS g WITH (ROWLOCK, FORCESEEK) ON g.AggregationID = k.AggregationID
    JOIN #made AS m ON m.Period = k.Period;

    INSERT INTO iot.AggregatedData (
        ChannelID,
        AggregationType,
        PeriodStart,
        PeriodEnd,
        -- each field
        Field#Avg,
        Field#Min,
        Field#Max,
        Field#StdDev,
        Field#Count,
        Field#Sum,
        -- end
        ReadingCount
    )
    SELECT
        t.ChannelID,
        t.AggregationType,
        t.PeriodStart,
        t.PeriodEnd,
        -- each field
        m.Field#Avg,
        m.Field#Min,
        m.Field#Max,
        m.Field#StdDev,
        m.Field#Count,
        m.Field#Sum,
        -- end
        m.ReadingCount
    FROM #made AS m
    JOIN #taken AS t ON t.Period = m.Period
    WHERE NOT EXISTS (SELECT 1 FROM #kept_rows AS k WHERE k.Period = t.Period)
    -- the foreign key is checked row by row: a scan of Channels would wait for other loads' new channels
    OPTION (LOOP JOIN);

    DELETE g
    FROM #kept_rows AS k
    JOIN iot.AggregatedData AS g WITH (ROWLOCK, FORCESEEK) ON g.AggregationID = k.AggregationID
    WHERE NOT EXISTS (SELECT 1 FROM #made AS m WHERE m.Period = k.Period);

    IF @Hours = 1
        INSERT INTO iot.AnomalyMarks (ChannelID, Day)
        SELECT DISTINCT t.ChannelID, CAST(t.PeriodStart AS DATE)
        FROM #taken AS t
        WHERE t.AggregationType = N'HOURLY'
            AND NOT EXISTS (
                SELECT 1
                FROM iot.AnomalyMarks AS m
                WHERE m.ChannelID = t.ChannelID AND m.Day = CAST(t.PeriodStart AS DATE)
            );
    RETURN 0;
END;
