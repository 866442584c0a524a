-- usp_RecomputeTaken: recomputes the periods of #taken(Period, ChannelID, AggregationType, PeriodStart, PeriodEnd),
-- exactly those: hours from the readings, then days and weeks from the hours.
CREATE OR ALTER PROCEDURE iot.usp_RecomputeTaken
AS
BEGIN
    SET NOCOUNT ON;
    -- include sourced_table
    -- include parts_table
    -- include made_table
    IF EXISTS (SELECT 1 FROM #taken AS t WHERE t.AggregationType = N'HOURLY')
    BEGIN
        INSERT INTO #sourced (
            Period,
            Field# -- each field, comma between
        )
        SELECT
            t.Period,
            r.Field# -- each field, comma between
        FROM #taken AS t
        -- a seek for each hour: a join on the channel alone would compare every reading with each
        JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
            ON r.ChannelID = t.ChannelID AND r.CreatedAt >= t.PeriodStart AND r.CreatedAt < t.PeriodEnd
        WHERE t.AggregationType = N'HOURLY'
        OPTION (LOOP JOIN, FORCE ORDER);
        EXEC iot.usp_SummarizeSourced;
        EXEC iot.usp_KeepMade @Hours = 1;
        DELETE FROM #made;
    END;
    IF EXISTS (SELECT 1 FROM #taken AS t WHERE t.AggregationType <> N'HOURLY')
    BEGIN
        INSERT INTO #parts (
            Period,
            -- each field
            Field#Min,
            Field#Max,
            Field#StdDev,
            Field#Count,
            Field#Sum,
            -- end
            ReadingCount
        )
        SELECT
            t.Period,
            -- each field
            g.Field#Min,
            g.Field#Max,
            g.Field#StdDev,
            g.Field#Count,
            g.Field#Sum,
            -- end
            g.ReadingCount
        FROM #taken AS t
        JOIN iot.AggregatedData AS g WITH (FORCESEEK)
            ON g.ChannelID = t.ChannelID
                AND g.AggregationType = N'HOURLY'
                AND g.PeriodStart >= t.PeriodStart
                AND g.PeriodStart < t.PeriodEnd
        WHERE t.AggregationType <> N'HOURLY'
        OPTION (LOOP JOIN, FORCE ORDER);
        EXEC iot.usp_MergeParts;
        EXEC iot.usp_KeepMade @Hours = 0;
    END;
    -- what is made of these readings is to be computed anew
    INSERT INTO iot.DerivedMarks (ChannelID, Hour)
    SELECT DISTINCT s.ChannelID, t.PeriodStart
    FROM #taken AS t
    JOIN iot.DerivedSources AS s ON s.SourceChannelID = t.ChannelID
    WHERE t.AggregationType = N'HOURLY';
    INSERT INTO iot.AuditTrail (Action, ChannelID, Updated, Detail)
    SELECT N'usp_RecomputeTaken', t.ChannelID, COUNT_BIG(*), t.AggregationType
    FROM #taken AS t
    GROUP BY t.ChannelID, t.AggregationType;
    RETURN 0;
END;
