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
        MAX(CASE WHEN b.Item = 8 THEN b.Amount END) AS LastValue,
        MAX(CASE WHEN b.Item = 9 THEN b.Amount END) AS LastAt,
        MAX(CASE WHEN b.Item = 10 THEN b.Amount END) AS LastRunAt
    INTO #begun
    FROM #based AS b
    WHERE b.Measure = N'KNOWN'
    GROUP BY b.ChannelID, b.FieldNumber;

    -- include follow_days
    -- include know_days
    -- include profile_days
    -- include score_days
    INSERT INTO iot.AnomalyModelsKept (
        ChannelID,
        Day,
        Measure,
        Item,
        Field# -- each field, comma between
    )
    SELECT
        m.ChannelID,
        m.Day,
        m.Measure,
        m.Item,
        m.Field# -- each field, comma between
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
