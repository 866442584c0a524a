-- usp_FindUnusualDays: what is unusual about the days of #asked_days(ChannelID, Day), in parts of the days that are
-- judged for quality, into #unusual_days, as it is before these days are judged, or after. Called by
-- usp_RefreshAnomalies.
CREATE OR ALTER PROCEDURE iot.usp_FindUnusualDays @IsAfter BIT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first INT, @last INT, @from DATE, @to DATE;
    SELECT @first = MIN(d.ChannelID), @last = MAX(d.ChannelID), @from = MIN(d.Day), @to = MAX(d.Day)
    FROM #asked_days AS d;
    -- include unusual
    INSERT INTO #unusual_days (IsAfter, ChannelID, CheckDate, FieldNumber, StartedAt, EndedAt)
    SELECT
        @IsAfter,
        u.ChannelID,
        q.CheckDate,
        u.FieldNumber,
        CASE WHEN CAST(u.StartedAt AS DATE) = q.CheckDate THEN u.StartedAt END,
        CASE WHEN CAST(u.EndedAt AS DATE) = q.CheckDate THEN u.EndedAt END
    FROM #unusual AS u
    JOIN iot.DataQuality AS q
        ON q.ChannelID = u.ChannelID
            AND q.CheckDate >= CAST(u.StartedAt AS DATE)
            AND q.CheckDate <= CAST(u.EndedAt AS DATE);
    RETURN 0;
END;
