-- usp_RecordRuns(runs): passes of the pipeline; objects with the fields of state.Run. One that stands there stays.
-- One that found nothing new, right after another of the same channel, day and score that found nothing, makes
-- that one's row longer instead; RequestsNeeded, one for each, says how many they are.
CREATE OR ALTER PROCEDURE iot.usp_RecordRuns @Runs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SELECT
        j.ChannelID,
        j.StartedAt,
        j.EndedAt,
        j.Outcome,
        j.Requests,
        j.RequestsNeeded,
        j.Fetched,
        j.Inserted,
        j.Updated,
        j.Duplicates,
        j.Raw,
        j.Rejected,
        j.QualityScore,
        j.Error,
        j.Source
    INTO #runs
    FROM OPENJSON(@Runs) WITH (
        ChannelID INT '$.channel_id',
        StartedAt DATETIME2(6) '$.started_at',
        EndedAt DATETIME2(6) '$.ended_at',
        Outcome NVARCHAR(20) '$.outcome',
        Requests BIGINT '$.requests',
        RequestsNeeded BIGINT '$.requests_needed',
        Fetched BIGINT '$.fetched',
        Inserted BIGINT '$.inserted',
        Updated BIGINT '$.updated',
        Duplicates BIGINT '$.duplicates',
        Raw BIGINT '$.raw',
        Rejected BIGINT '$.rejected',
        QualityScore FLOAT '$.quality_score',
        Error NVARCHAR(MAX) '$.error',
        Source NVARCHAR(MAX) '$.source'
    ) AS j;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE r
        FROM #runs AS r
        WHERE EXISTS (
                SELECT 1
                FROM iot.PipelineRuns AS p WITH (FORCESEEK)
                WHERE p.ChannelID = r.ChannelID AND p.StartedAt <= r.StartedAt AND p.EndedAt = r.EndedAt
            );
        SELECT p.RunID, r.ChannelID
        INTO #continued
        FROM #runs AS r
        CROSS APPLY (
            SELECT TOP (1)
                x.RunID,
                x.StartedAt,
                x.EndedAt,
                x.Outcome,
                x.Inserted,
                x.Updated,
                x.Raw,
                x.Rejected,
                x.QualityScore,
                x.Source
            FROM iot.PipelineRuns AS x WITH (FORCESEEK)
            WHERE x.ChannelID = r.ChannelID
            ORDER BY x.StartedAt DESC, x.RunID DESC
        ) AS p
        WHERE r.Outcome = N'success'
            AND r.Inserted = 0
            AND r.Updated = 0
            AND r.Raw = 0
            AND r.Rejected = 0
            AND r.RequestsNeeded = 1
            AND (SELECT COUNT(*) FROM #runs AS o WHERE o.ChannelID = r.ChannelID) = 1
            AND p.StartedAt >= CAST(r.StartedAt AS DATE)
            AND p.EndedAt <= r.StartedAt
            AND p.Source IS NULL
            AND p.Outcome = N'success'
            AND p.Inserted = 0
            AND p.Updated = 0
            AND p.Raw = 0
            AND p.Rejected = 0
            AND (p.QualityScore = r.QualityScore OR (p.QualityScore IS NULL AND r.QualityScore IS NULL));
        UPDATE p
        SET
            EndedAt = r.EndedAt,
            Requests = p.Requests + r.Requests,
            RequestsNeeded = p.RequestsNeeded + r.RequestsNeeded,
            Fetched = p.Fetched + r.Fetched,
            Duplicates = p.Duplicates + r.Duplicates
        FROM #continued AS c
        JOIN #runs AS r ON r.ChannelID = c.ChannelID
        JOIN iot.PipelineRuns AS p WITH (ROWLOCK, FORCESEEK) ON p.RunID = c.RunID
        OPTION (LOOP JOIN);
        INSERT INTO iot.PipelineRuns (
            ChannelID,
            StartedAt,
            EndedAt,
            Outcome,
            Requests,
            RequestsNeeded,
            Fetched,
            Inserted,
            Updated,
            Duplicates,
            Raw,
            Rejected,
            QualityScore,
            Error,
            Source
        )
        SELECT
            r.ChannelID,
            r.StartedAt,
            r.EndedAt,
            r.Outcome,
            r.Requests,
            r.RequestsNeeded,
            r.Fetched,
            r.Inserted,
            r.Updated,
            r.Duplicates,
            r.Raw,
            r.Rejected,
            r.QualityScore,
            r.Error,
            r.Source
        FROM #runs AS r
        WHERE NOT EXISTS (SELECT 1 FROM #continued AS c WHERE c.ChannelID = r.ChannelID);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
