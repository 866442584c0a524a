-- usp_AlertSilences(as_of): the silences that hold or are to come.
CREATE OR ALTER PROCEDURE iot.usp_AlertSilences @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT s.SilenceID, s.RuleName, s.ChannelID, s.SilencedFrom, s.SilencedUntil, s.Reason, s.MadeBy
    FROM iot.AlertSilences AS s
    WHERE s.SilencedUntil > @AsOfTime
    ORDER BY s.SilencedFrom, s.SilenceID;
    RETURN 0;
END;
