-- record_runs(runs): passes of the pipeline; a table with the columns of state.Run. One that found nothing new,
-- right after another of the same channel, day and score that found nothing, makes that one's row longer
-- instead; RequestsNeeded, one for each, says how many they are.
CREATE OR REPLACE TEMP TABLE continued AS
WITH
quiet AS (
    SELECT r.*
    FROM runs AS r
    WHERE
        r.outcome = 'success' AND r.inserted = 0 AND r.updated = 0 AND r.raw = 0
        AND r.rejected = 0 AND r.requests_needed = 1
        AND (SELECT count(*) FROM runs AS o WHERE o.channel_id = r.channel_id) = 1
),
latest AS (
    SELECT p.*
    FROM iot.PipelineRuns AS p
    WHERE p.StartedAt >= (SELECT min(q.started_at)::DATE FROM quiet AS q)
    QUALIFY row_number() OVER (PARTITION BY p.ChannelID ORDER BY p.StartedAt DESC, p.RunID DESC) = 1
)
SELECT p.RunID, q.channel_id, q.ended_at, q.requests, q.requests_needed, q.fetched, q.duplicates
FROM quiet AS q
JOIN latest AS p ON p.ChannelID = q.channel_id
WHERE
    p.StartedAt >= q.started_at::DATE AND p.EndedAt <= q.started_at
    AND p.Source IS NULL AND p.Outcome = 'success' AND p.Inserted = 0 AND p.Updated = 0 AND p.Raw = 0
    AND p.Rejected = 0 AND p.QualityScore IS NOT DISTINCT FROM q.quality_score;

UPDATE iot.PipelineRuns AS p
SET
    EndedAt = c.ended_at,
    Requests = p.Requests + c.requests,
    RequestsNeeded = p.RequestsNeeded + c.requests_needed,
    Fetched = p.Fetched + c.fetched,
    Duplicates = p.Duplicates + c.duplicates
FROM continued AS c
WHERE c.RunID = p.RunID;

INSERT INTO iot.PipelineRuns (
    ChannelID, StartedAt, EndedAt, Outcome, Requests, RequestsNeeded, Fetched, Inserted, Updated,
    Duplicates, Raw, Rejected, QualityScore, Error, Source
)
SELECT
    r.channel_id, r.started_at, r.ended_at, r.outcome, r.requests, r.requests_needed, r.fetched, r.inserted,
    r.updated, r.duplicates, r.raw, r.rejected, r.quality_score, r.error, r.source
FROM runs AS r
WHERE NOT EXISTS (SELECT 1 FROM continued AS c WHERE c.channel_id = r.channel_id)
RETURNING RunID;
