-- runs(channel_id, limit, since, failed, until): the last runs of one channel or of all, newest first; those that ended
-- at or after an instant, those that began before one, and those that failed or were interrupted only, where that is
-- asked.
SELECT
    p.RunID, p.ChannelID, p.StartedAt, p.EndedAt, p.Outcome, p.Requests, p.RequestsNeeded, p.Fetched,
    p.Inserted, p.Updated, p.Duplicates, p.Raw, p.Rejected, p.QualityScore, p.Error, p.Source
FROM iot.PipelineRuns AS p
WHERE
    ({channel_id:Nullable(Int64)} IS NULL OR p.ChannelID = {channel_id:Nullable(Int64)})
    AND ({since:Nullable(DateTime64(6, 'UTC'))} IS NULL OR coalesce(p.EndedAt, p.StartedAt) >= {since:Nullable(DateTime64(6, 'UTC'))})
    AND ({until:Nullable(DateTime64(6, 'UTC'))} IS NULL OR p.StartedAt < {until:Nullable(DateTime64(6, 'UTC'))})
    AND (NOT coalesce({failed:Nullable(Bool)}, FALSE) OR p.Outcome <> 'success')
ORDER BY p.StartedAt DESC, p.RunID DESC
LIMIT {limit:UInt64};
