-- usp_RecomputeTaken: recomputes the periods that stand in #taken(Period, ChannelID, PeriodStart, PeriodEnd),
-- exactly those; one without readings loses its row. Averages are exact sums over counts; deviations are
-- taken around the period's minimum, subtracted exactly, so that far-off levels cost no digits.
CREATE OR ALTER PROCEDURE iot.usp_RecomputeTaken @AggregationType NVARCHAR(10)
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #sourced (
        Period BIGINT NOT NULL,
        Field1 DECIMAL(18, 6),
        Field2 DECIMAL(18, 6),
        Field3 DECIMAL(18, 6),
        Field4 DECIMAL(18, 6),
        Field5 DECIMAL(18, 6),
        Field6 DECIMAL(18, 6),
        Field7 DECIMAL(18, 6),
        Field8 DECIMAL(18, 6)
    );
    INSERT INTO #sourced (Period, Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8)
    SELECT t.Period, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM #taken AS t
    -- TOP keeps it a seek for each period: a join on the channel alone would compare every reading with each
    CROSS APPLY (
        SELECT TOP (9223372036854775807)
            x.Field1,
            x.Field2,
            x.Field3,
            x.Field4,
            x.Field5,
            x.Field6,
            x.Field7,
            x.Field8
        FROM iot.CurrentReadings AS x
        WHERE x.ChannelID = t.ChannelID AND x.CreatedAt >= t.PeriodStart AND x.CreatedAt < t.PeriodEnd
    ) AS r;

    SELECT
        s.Period,
        COUNT_BIG(*) AS ReadingCount,
        CAST(SUM(CAST(s.Field1 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field1), 0) AS Field1Avg,
        MIN(s.Field1) AS Field1Min,
        MAX(s.Field1) AS Field1Max,
        COUNT_BIG(s.Field1) AS Field1Count,
        CAST(SUM(CAST(s.Field2 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field2), 0) AS Field2Avg,
        MIN(s.Field2) AS Field2Min,
        MAX(s.Field2) AS Field2Max,
        COUNT_BIG(s.Field2) AS Field2Count,
        CAST(SUM(CAST(s.Field3 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field3), 0) AS Field3Avg,
        MIN(s.Field3) AS Field3Min,
        MAX(s.Field3) AS Field3Max,
        COUNT_BIG(s.Field3) AS Field3Count,
        CAST(SUM(CAST(s.Field4 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field4), 0) AS Field4Avg,
        MIN(s.Field4) AS Field4Min,
        MAX(s.Field4) AS Field4Max,
        COUNT_BIG(s.Field4) AS Field4Count,
        CAST(SUM(CAST(s.Field5 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field5), 0) AS Field5Avg,
        MIN(s.Field5) AS Field5Min,
        MAX(s.Field5) AS Field5Max,
        COUNT_BIG(s.Field5) AS Field5Count,
        CAST(SUM(CAST(s.Field6 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field6), 0) AS Field6Avg,
        MIN(s.Field6) AS Field6Min,
        MAX(s.Field6) AS Field6Max,
        COUNT_BIG(s.Field6) AS Field6Count,
        CAST(SUM(CAST(s.Field7 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field7), 0) AS Field7Avg,
        MIN(s.Field7) AS Field7Min,
        MAX(s.Field7) AS Field7Max,
        COUNT_BIG(s.Field7) AS Field7Count,
        CAST(SUM(CAST(s.Field8 AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(s.Field8), 0) AS Field8Avg,
        MIN(s.Field8) AS Field8Min,
        MAX(s.Field8) AS Field8Max,
        COUNT_BIG(s.Field8) AS Field8Count
    INTO #centred
    FROM #sourced AS s
    GROUP BY s.Period;
    CREATE UNIQUE CLUSTERED INDEX CX_centred ON #centred(Period);

    SELECT
        s.Period,
        STDEV(CAST(CAST(s.Field1 AS DECIMAL(19, 6)) - c.Field1Min AS FLOAT)) AS Field1StdDev,
        STDEV(CAST(CAST(s.Field2 AS DECIMAL(19, 6)) - c.Field2Min AS FLOAT)) AS Field2StdDev,
        STDEV(CAST(CAST(s.Field3 AS DECIMAL(19, 6)) - c.Field3Min AS FLOAT)) AS Field3StdDev,
        STDEV(CAST(CAST(s.Field4 AS DECIMAL(19, 6)) - c.Field4Min AS FLOAT)) AS Field4StdDev,
        STDEV(CAST(CAST(s.Field5 AS DECIMAL(19, 6)) - c.Field5Min AS FLOAT)) AS Field5StdDev,
        STDEV(CAST(CAST(s.Field6 AS DECIMAL(19, 6)) - c.Field6Min AS FLOAT)) AS Field6StdDev,
        STDEV(CAST(CAST(s.Field7 AS DECIMAL(19, 6)) - c.Field7Min AS FLOAT)) AS Field7StdDev,
        STDEV(CAST(CAST(s.Field8 AS DECIMAL(19, 6)) - c.Field8Min AS FLOAT)) AS Field8StdDev
    INTO #spread
    FROM #sourced AS s
    JOIN #centred AS c ON c.Period = s.Period
    GROUP BY s.Period;
    CREATE UNIQUE CLUSTERED INDEX CX_spread ON #spread(Period);

    -- the rows that are there, by a seek for each period: TOP as above
    SELECT t.Period, g.AggregationID
    INTO #kept_rows
    FROM #taken AS t
    CROSS APPLY (
        SELECT TOP (1) x.AggregationID
        FROM iot.AggregatedData AS x WITH (FORCESEEK)
        WHERE x.ChannelID = t.ChannelID
            AND x.AggregationType = @AggregationType
            AND x.PeriodStart = t.PeriodStart
    ) AS g;
    CREATE UNIQUE CLUSTERED INDEX CX_kept_rows ON #kept_rows(Period);

    UPDATE g
    SET
        Field1Avg = c.Field1Avg,
        Field1Min = c.Field1Min,
        Field1Max = c.Field1Max,
        Field1StdDev = d.Field1StdDev,
        Field1Count = c.Field1Count,
        Field2Avg = c.Field2Avg,
        Field2Min = c.Field2Min,
        Field2Max = c.Field2Max,
        Field2StdDev = d.Field2StdDev,
        Field2Count = c.Field2Count,
        Field3Avg = c.Field3Avg,
        Field3Min = c.Field3Min,
        Field3Max = c.Field3Max,
        Field3StdDev = d.Field3StdDev,
        Field3Count = c.Field3Count,
        Field4Avg = c.Field4Avg,
        Field4Min = c.Field4Min,
        Field4Max = c.Field4Max,
        Field4StdDev = d.Field4StdDev,
        Field4Count = c.Field4Count,
        Field5Avg = c.Field5Avg,
        Field5Min = c.Field5Min,
        Field5Max = c.Field5Max,
        Field5StdDev = d.Field5StdDev,
        Field5Count = c.Field5Count,
        Field6Avg = c.Field6Avg,
        Field6Min = c.Field6Min,
        Field6Max = c.Field6Max,
        Field6StdDev = d.Field6StdDev,
        Field6Count = c.Field6Count,
        Field7Avg = c.Field7Avg,
        Field7Min = c.Field7Min,
        Field7Max = c.Field7Max,
        Field7StdDev = d.Field7StdDev,
        Field7Count = c.Field7Count,
        Field8Avg = c.Field8Avg,
        Field8Min = c.Field8Min,
        Field8Max = c.Field8Max,
        Field8StdDev = d.Field8StdDev,
        Field8Count = c.Field8Count,
        PeriodEnd = t.PeriodEnd,
        ReadingCount = c.ReadingCount,
        CreatedAt = SYSUTCDATETIME()
    FROM #kept_rows AS k
    JOIN iot.AggregatedData AS g WITH (ROWLOCK, FORCESEEK) ON g.AggregationID = k.AggregationID
    JOIN #taken AS t ON t.Period = k.Period
    JOIN #centred AS c ON c.Period = k.Period
    JOIN #spread AS d ON d.Period = k.Period;

    INSERT INTO iot.AggregatedData (
        ChannelID,
        AggregationType,
        PeriodStart,
        PeriodEnd,
        Field1Avg,
        Field1Min,
        Field1Max,
        Field1StdDev,
        Field1Count,
        Field2Avg,
        Field2Min,
        Field2Max,
        Field2StdDev,
        Field2Count,
        Field3Avg,
        Field3Min,
        Field3Max,
        Field3StdDev,
        Field3Count,
        Field4Avg,
        Field4Min,
        Field4Max,
        Field4StdDev,
        Field4Count,
        Field5Avg,
        Field5Min,
        Field5Max,
        Field5StdDev,
        Field5Count,
        Field6Avg,
        Field6Min,
        Field6Max,
        Field6StdDev,
        Field6Count,
        Field7Avg,
        Field7Min,
        Field7Max,
        Field7StdDev,
        Field7Count,
        Field8Avg,
        Field8Min,
        Field8Max,
        Field8StdDev,
        Field8Count,
        ReadingCount
    )
    SELECT
        t.ChannelID,
        @AggregationType,
        t.PeriodStart,
        t.PeriodEnd,
        c.Field1Avg,
        c.Field1Min,
        c.Field1Max,
        d.Field1StdDev,
        c.Field1Count,
        c.Field2Avg,
        c.Field2Min,
        c.Field2Max,
        d.Field2StdDev,
        c.Field2Count,
        c.Field3Avg,
        c.Field3Min,
        c.Field3Max,
        d.Field3StdDev,
        c.Field3Count,
        c.Field4Avg,
        c.Field4Min,
        c.Field4Max,
        d.Field4StdDev,
        c.Field4Count,
        c.Field5Avg,
        c.Field5Min,
        c.Field5Max,
        d.Field5StdDev,
        c.Field5Count,
        c.Field6Avg,
        c.Field6Min,
        c.Field6Max,
        d.Field6StdDev,
        c.Field6Count,
        c.Field7Avg,
        c.Field7Min,
        c.Field7Max,
        d.Field7StdDev,
        c.Field7Count,
        c.Field8Avg,
        c.Field8Min,
        c.Field8Max,
        d.Field8StdDev,
        c.Field8Count,
        c.ReadingCount
    FROM #taken AS t
    JOIN #centred AS c ON c.Period = t.Period
    JOIN #spread AS d ON d.Period = t.Period
    WHERE NOT EXISTS (SELECT 1 FROM #kept_rows AS k WHERE k.Period = t.Period)
    -- the foreign key is checked row by row: a scan of Channels would wait for other loads' new channels
    OPTION (LOOP JOIN);

    DELETE g
    FROM #kept_rows AS k
    JOIN iot.AggregatedData AS g WITH (ROWLOCK, FORCESEEK) ON g.AggregationID = k.AggregationID
    WHERE NOT EXISTS (SELECT 1 FROM #centred AS c WHERE c.Period = k.Period);

    INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
    SELECT N'usp_RecomputeTaken', t.ChannelID, COUNT_BIG(*), @AggregationType
    FROM #taken AS t
    GROUP BY t.ChannelID;
    RETURN 0;
END;
