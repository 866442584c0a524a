-- record_run(channel_id, started_at, ended_at, outcome, requests, requests_needed, fetched, inserted,
--   updated, duplicates, raw, quality_score, error): one pass of the pipeline over one channel.
INSERT INTO iot.PipelineRuns (
    ChannelID, StartedAt, EndedAt, Outcome, Requests, RequestsNeeded, Fetched, Inserted, Updated,
    Duplicates, Raw, QualityScore, Error
)
VALUES (
    $channel_id, $started_at, $ended_at, $outcome, $requests, $requests_needed, $fetched, $inserted, $updated,
    $duplicates, $raw, $quality_score, $error
)
RETURNING RunID;
