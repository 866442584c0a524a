-- runs(channel_id, limit): the last runs of one channel or of all, newest first.
SELECT
    p.RunID, p.ChannelID, p.StartedAt, p.EndedAt, p.Outcome, p.Requests, p.RequestsNeeded, p.Fetched,
    p.Inserted, p.Updated, p.Duplicates, p.Raw, p.Rejected, p.QualityScore, p.Error, p.Source
FROM iot.PipelineRuns AS p
WHERE $channel_id::BIGINT IS NULL OR p.ChannelID = $channel_id
ORDER BY p.StartedAt DESC, p.RunID DESC
LIMIT coalesce($limit::BIGINT, 100);
