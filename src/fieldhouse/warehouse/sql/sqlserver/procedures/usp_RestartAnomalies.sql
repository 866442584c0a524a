-- usp_RestartAnomalies: channels whose history has grown backwards are judged anew from its new beginning: their models
-- go, and all their days are marked.
CREATE OR ALTER PROCEDURE iot.usp_RestartAnomalies @ChannelIDs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        m.ChannelID,
        CASE WHEN MAX(m.Day) > MAX(f.NewestDay) THEN MAX(m.Day) ELSE MAX(f.NewestDay) END AS NewestDay
    INTO #restarted
    FROM (
        SELECT DISTINCT CAST(j.value AS INT) AS ChannelID FROM OPENJSON(@ChannelIDs) AS j
    ) AS i
    JOIN iot.AnomalyMarks AS m ON m.ChannelID = i.ChannelID
    JOIN iot.AnomalyChannels AS f ON f.ChannelID = m.ChannelID
    GROUP BY m.ChannelID
    HAVING MIN(m.Day) < MIN(f.FirstDay);
    IF NOT EXISTS (SELECT 1 FROM #restarted)
        RETURN 0;
    DELETE d
    FROM iot.AnomalyModels AS d
    JOIN #restarted AS r ON r.ChannelID = d.ChannelID;
    DELETE d
    FROM iot.AnomalyModelsKept AS d
    JOIN #restarted AS r ON r.ChannelID = d.ChannelID;
    DELETE d
    FROM iot.AnomalyChannels AS d
    JOIN #restarted AS r ON r.ChannelID = d.ChannelID;
    INSERT INTO iot.AnomalyMarks (ChannelID, Day)
    SELECT g.ChannelID, CAST(g.PeriodStart AS DATE)
    FROM #restarted AS r
    JOIN iot.AggregatedData AS g ON g.ChannelID = r.ChannelID AND g.AggregationType = N'DAILY'
    WHERE DATEDIFF(DAY, g.PeriodStart, r.NewestDay) <= 400
        AND NOT EXISTS (
            SELECT 1
            FROM iot.AnomalyMarks AS m
            WHERE m.ChannelID = g.ChannelID AND m.Day = CAST(g.PeriodStart AS DATE)
        );
    RETURN 0;
END;
