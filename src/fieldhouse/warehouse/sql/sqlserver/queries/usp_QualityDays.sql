-- usp_QualityDays(channel_id, start_at, end_at): the judged days of a span, end excluded, in the order of time; NULL
-- is open.
CREATE OR ALTER PROCEDURE iot.usp_QualityDays @ChannelID INT, @StartAt DATE = NULL, @EndAt DATE = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        q.CheckDate,
        q.TotalReadings,
        q.MissingReadings,
        q.OutOfRangeReadings,
        q.AnomaliesDetected,
        q.QualityScore,
        q.CadenceSeconds,
        q.ExpectedReadings,
        q.AbsentReadings,
        q.RangesConfigured,
        q.Notes,
        q.AsOfTime
    FROM iot.DataQuality AS q
    WHERE q.ChannelID = @ChannelID
        AND (@StartAt IS NULL OR q.CheckDate >= @StartAt)
        AND (@EndAt IS NULL OR q.CheckDate < @EndAt)
    ORDER BY q.CheckDate;
    RETURN 0;
END;
