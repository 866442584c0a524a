-- usp_MergeOffered: writes #offered turn by turn, supersedes what a newer epoch has taken the place of, and
-- marks the periods of what is new or changed. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_MergeOffered
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @turn INT = 0, @last INT = (SELECT MAX(o.Turn) FROM #offered AS o);
    WHILE @turn <= @last
    BEGIN
        EXEC iot.usp_MergeTurn @Turn = @turn;
        SET @turn += 1;
    END;

    SELECT DISTINCT o.ChannelID, o.Epoch, o.CreatedAt
    INTO #touched
    FROM #offered AS o
    LEFT JOIN #held AS h
        ON h.ChannelID = o.ChannelID AND h.Epoch = o.Epoch AND h.EntryID = o.EntryID AND h.Turn = o.Turn
    WHERE h.EntryID IS NULL OR h.IsChanged = 1;
    IF EXISTS (SELECT 1 FROM #touched AS t WHERE t.Epoch > 1)
        EXEC iot.usp_Supersede;

    INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
    SELECT DISTINCT t.ChannelID, v.AggregationType, v.PeriodStart
    FROM (
        SELECT DISTINCT s.ChannelID, DATEDIFF(HOUR, CAST('0001-01-01' AS DATETIME2(6)), s.CreatedAt) AS Hour
        FROM #touched AS s
    ) AS t
    CROSS APPLY (VALUES
        (N'HOURLY', DATEADD(HOUR, t.Hour, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'DAILY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'QUALITY', DATEADD(DAY, t.Hour / 24, CAST('0001-01-01' AS DATETIME2(6)))),
        (N'WEEKLY', DATEADD(DAY, t.Hour / 168 * 7, CAST('0001-01-01' AS DATETIME2(6)))) -- a Monday
    ) AS v (AggregationType, PeriodStart);
    RETURN 0;
END;
