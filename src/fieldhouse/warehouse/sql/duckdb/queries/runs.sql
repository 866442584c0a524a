-- runs(channel_id, limit, since, failed, until): the last runs of one channel or of all, newest first; those that ended
-- at or after an instant, those that began before one, and those that failed or were interrupted only, where that is
-- asked.
SELECT
    p.RunID, p.ChannelID, p.StartedAt, p.EndedAt, p.Outcome, p.Requests, p.RequestsNeeded, p.Fetched,
    p.Inserted, p.Updated, p.Duplicates, p.Raw, p.Rejected, p.QualityScore, p.Error, p.Source
FROM iot.PipelineRuns AS p
WHERE
    ($channel_id::BIGINT IS NULL OR p.ChannelID = $channel_id)
    AND ($since::TIMESTAMP IS NULL OR coalesce(p.EndedAt, p.StartedAt) >= $since::TIMESTAMP)
    AND ($until::TIMESTAMP IS NULL OR p.StartedAt < $until::TIMESTAMP)
    AND (NOT coalesce($failed::BOOLEAN, FALSE) OR p.Outcome <> 'success')
ORDER BY p.StartedAt DESC, p.RunID DESC
LIMIT coalesce($limit::BIGINT, 100);
