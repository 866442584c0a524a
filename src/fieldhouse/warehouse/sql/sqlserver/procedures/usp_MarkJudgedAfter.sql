-- usp_MarkJudgedAfter: days that were judged look thirty days back: those after the instants of
-- #instants(ChannelID, CreatedAt) are to be judged again. Called by usp_SetCorrection, usp_RemoveCorrection.
CREATE OR ALTER PROCEDURE iot.usp_MarkJudgedAfter
AS
BEGIN
    SET NOCOUNT ON;
    INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
    SELECT DISTINCT q.ChannelID, N'QUALITY', CAST(q.CheckDate AS DATETIME2(6))
    FROM (
        SELECT DISTINCT i.ChannelID, CAST(i.CreatedAt AS DATE) AS MovedOn FROM #instants AS i
    ) AS m
    JOIN iot.DataQuality AS q
        ON q.ChannelID = m.ChannelID AND DATEDIFF(DAY, m.MovedOn, q.CheckDate) BETWEEN 1 AND 30;
    RETURN 0;
END;
