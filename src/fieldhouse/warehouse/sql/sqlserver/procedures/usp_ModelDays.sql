-- usp_ModelDays: makes the models of those of #asked_days(ChannelID, Day) that lie after the newest day judged so far.
-- Each is made of what was known at that one, and of the days between, of which the newest judged is the first: all of
-- it has come now.
CREATE OR ALTER PROCEDURE iot.usp_ModelDays
AS
BEGIN
    SET NOCOUNT ON;
    SELECT a.ChannelID, a.Day, 1 AS IsNew, n.NewestDay AS BaseDay
    INTO #chained
    FROM #asked_days AS a
    LEFT JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID
    WHERE n.NewestDay IS NULL OR a.Day > n.NewestDay;
    IF NOT EXISTS (SELECT 1 FROM #chained)
        RETURN 0;
    INSERT INTO #chained (ChannelID, Day, IsNew, BaseDay)
    SELECT DISTINCT c.ChannelID, c.BaseDay, 0, c.BaseDay FROM #chained AS c WHERE c.BaseDay IS NOT NULL;
    -- where a label has taken models back, those of days judged since are made as well
    INSERT INTO #chained (ChannelID, Day, IsNew, BaseDay)
    SELECT c.ChannelID, CAST(g.PeriodStart AS DATE), 1, c.Day
    FROM #chained AS c
    JOIN iot.AnomalyChannels AS n ON n.ChannelID = c.ChannelID AND n.RewoundFrom IS NOT NULL
    JOIN iot.AggregatedData AS g ON g.ChannelID = c.ChannelID AND g.AggregationType = N'DAILY'
    WHERE c.IsNew = 0
        AND CAST(g.PeriodStart AS DATE) > c.Day
        AND CAST(g.PeriodStart AS DATE) <= n.RewoundFrom
        AND NOT EXISTS (
            SELECT 1
            FROM #chained AS h
            WHERE h.ChannelID = c.ChannelID AND h.Day = CAST(g.PeriodStart AS DATE)
        );

    -- what each channel's newest day was judged by
    SELECT m.ChannelID, m.Measure, m.Item, v.FieldNumber, v.Amount
    INTO #based
    FROM iot.AnomalyModels AS m
    CROSS APPLY ( VALUES
        (#, m.Field#), -- each field
        (0, NULL)
    ) AS v (FieldNumber, Amount)
    WHERE m.ChannelID IN (SELECT c.ChannelID FROM #chained AS c) AND v.Amount IS NOT NULL;
    SELECT
        b.ChannelID,
        b.FieldNumber,
        MAX(CASE WHEN b.Item = 0 THEN b.Amount END) AS Least,
        MAX(CASE WHEN b.Item = 1 THEN b.Amount END) AS Greatest,
        MAX(CASE WHEN b.Item = 2 THEN b.Amount END) AS Days,
        MAX(CASE WHEN b.Item = 3 THEN b.Amount END) AS Readings,
        MAX(CASE WHEN b.Item = 4 THEN b.Amount END) AS Ups,
        MAX(CASE WHEN b.Item = 5 THEN b.Amount END) AS Downs,
        MAX(CASE WHEN b.Item = 6 THEN b.Amount END) AS LongestRun,
        MAX(CASE WHEN b.Item = 7 THEN b.Amount END) AS Silences,
        MAX(CASE WHEN b.Item = 8 THEN b.Amount END) AS LastValue,
        MAX(CASE WHEN b.Item = 9 THEN b.Amount END) AS LastAt,
        MAX(CASE WHEN b.Item = 10 THEN b.Amount END) AS LastRunAt,
        MAX(CASE WHEN b.Item = 12 THEN b.Amount END) AS GreatestRise,
        MAX(CASE WHEN b.Item = 13 THEN b.Amount END) AS LongestOther,
        MAX(CASE WHEN b.Item = 14 THEN b.Amount END) AS Zeros,
        MAX(CASE WHEN b.Item = 15 THEN b.Amount END) AS Ones,
        MAX(CASE WHEN b.Item = 16 THEN b.Amount END) AS Turns,
        MAX(CASE WHEN b.Item = 21 THEN b.Amount END) AS Sines,
        MAX(CASE WHEN b.Item = 22 THEN b.Amount END) AS Cosines
    INTO #begun
    FROM #based AS b
    WHERE b.Measure = N'KNOWN'
    GROUP BY b.ChannelID, b.FieldNumber;

    -- include follow_days
    -- include know_days
    -- include profile_days
    -- include score_days
    DELETE m
    OUTPUT
        deleted.ChannelID,
        deleted.Day,
        deleted.Measure,
        deleted.Item,
        deleted.Field# -- each field, comma between
    INTO iot.AnomalyModelsKept (
        ChannelID,
        Day,
        Measure,
        Item,
        Field# -- each field, comma between
    )
    FROM iot.AnomalyModels AS m
    WHERE m.ChannelID IN (SELECT c.ChannelID FROM #chained AS c);
    SELECT c.ChannelID, MAX(c.Day) AS Day INTO #newest FROM #chained AS c GROUP BY c.ChannelID;
    -- include take_models
    UPDATE n
    SET NewestDay = c.Day, RewoundFrom = NULL
    FROM iot.AnomalyChannels AS n
    JOIN #newest AS c ON c.ChannelID = n.ChannelID;
    INSERT INTO iot.AnomalyChannels (ChannelID, FirstDay, NewestDay)
    SELECT c.ChannelID, MIN(c.Day), MAX(c.Day)
    FROM #chained AS c
    WHERE NOT EXISTS (SELECT 1 FROM iot.AnomalyChannels AS n WHERE n.ChannelID = c.ChannelID)
    GROUP BY c.ChannelID;
    RETURN 0;
END;
