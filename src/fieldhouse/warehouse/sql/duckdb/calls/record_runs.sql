-- record_runs(runs): passes of the pipeline; a table with the columns of state.Run.
INSERT INTO iot.PipelineRuns (
    ChannelID, StartedAt, EndedAt, Outcome, Requests, RequestsNeeded, Fetched, Inserted, Updated,
    Duplicates, Raw, Rejected, QualityScore, Error
)
SELECT
    channel_id, started_at, ended_at, outcome, requests, requests_needed, fetched, inserted, updated,
    duplicates, raw, rejected, quality_score, error
FROM runs
RETURNING RunID;
