-- usp_Runs(channel_id, limit, since, failed, until): the last runs of one channel or of all, newest first; those that
-- ended at or after an instant, those that began before one, and those that failed or were interrupted only, where that
-- is asked.
CREATE OR ALTER PROCEDURE iot.usp_Runs
    @ChannelID INT = NULL,
    @Limit BIGINT = 100,
    @Since DATETIME2(6) = NULL,
    @Failed BIT = NULL,
    @Until DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
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
        p.Error,
        p.Source
    FROM (
        -- the last ones are found without their texts
        SELECT TOP (@Limit) n.RunID
        FROM iot.PipelineRuns AS n
        WHERE (@ChannelID IS NULL OR n.ChannelID = @ChannelID)
            AND (@Since IS NULL OR COALESCE(n.EndedAt, n.StartedAt) >= @Since)
            AND (@Until IS NULL OR n.StartedAt < @Until)
            AND (COALESCE(@Failed, 0) = 0 OR n.Outcome <> N'success')
        ORDER BY n.StartedAt DESC, n.RunID DESC
    ) AS l
    JOIN iot.PipelineRuns AS p ON p.RunID = l.RunID
    ORDER BY p.StartedAt DESC, p.RunID DESC
    OPTION (RECOMPILE);
    RETURN 0;
END;
