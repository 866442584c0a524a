-- usp_Runs(channel_id, limit): the last runs of one channel or of all, newest first.
CREATE OR ALTER PROCEDURE iot.usp_Runs @ChannelID INT = NULL, @Limit BIGINT = 100
AS
BEGIN
    SET NOCOUNT ON;
    SELECT TOP (@Limit)
        p.RunID,
        p.ChannelID,
        p.StartedAt,
        p.EndedAt,
        p.Outcome,
        p.Requests,
        p.RequestsNeeded,
        p.Fetched,
        p.Inserted,
        p.Updated,
        p.Duplicates,
        p.Raw,
        p.Rejected,
        p.QualityScore,
        p.Error
    FROM iot.PipelineRuns AS p
    WHERE @ChannelID IS NULL OR p.ChannelID = @ChannelID
    ORDER BY p.StartedAt DESC, p.RunID DESC
    OPTION (RECOMPILE);
    RETURN 0;
END;
