-- usp_ForgetModels: of the older models of the channels of #asked_days the last eight days are kept, the first week of
-- each month, and the first day of all.
CREATE OR ALTER PROCEDURE iot.usp_ForgetModels
AS
BEGIN
    SET NOCOUNT ON;
    DELETE m
    FROM iot.AnomalyModelsKept AS m
    JOIN iot.AnomalyChannels AS n ON n.ChannelID = m.ChannelID
    WHERE m.ChannelID IN (SELECT a.ChannelID FROM #asked_days AS a)
        AND DATEDIFF(DAY, m.Day, n.NewestDay) > 8
        AND DAY(m.Day) > 7
        AND m.Day > n.FirstDay;
    RETURN 0;
END;
