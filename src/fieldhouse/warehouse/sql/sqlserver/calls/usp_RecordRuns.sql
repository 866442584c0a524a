-- usp_RecordRuns(runs): passes of the pipeline; objects with the fields of state.Run. One that stands there stays.
CREATE OR ALTER PROCEDURE iot.usp_RecordRuns @Runs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
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
            QualityScore,
            Error
        )
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
            j.QualityScore,
            j.Error
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
            QualityScore FLOAT '$.quality_score',
            Error NVARCHAR(MAX) '$.error'
        ) AS j
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.PipelineRuns AS p WITH (FORCESEEK)
                WHERE p.ChannelID = j.ChannelID AND p.StartedAt = j.StartedAt AND p.EndedAt = j.EndedAt
            );
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT p.RunID
    FROM iot.PipelineRuns AS p
    JOIN OPENJSON(@Runs) WITH (
        ChannelID INT '$.channel_id',
        StartedAt DATETIME2(6) '$.started_at'
    ) AS j ON j.ChannelID = p.ChannelID AND j.StartedAt = p.StartedAt;
    RETURN 0;
END;
