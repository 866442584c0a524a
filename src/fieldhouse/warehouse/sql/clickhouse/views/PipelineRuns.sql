-- What each run did with a channel, and what went wrong.
CREATE OR REPLACE VIEW iot.PipelineRuns AS
SELECT
    p.RunID AS RunID, p.ChannelID AS ChannelID, p.StartedAt AS StartedAt, p.EndedAt AS EndedAt,
    CAST(p.Outcome, 'String') AS Outcome, p.Requests AS Requests, p.RequestsNeeded AS RequestsNeeded,
    p.Fetched AS Fetched, p.Inserted AS Inserted, p.Updated AS Updated, p.Duplicates AS Duplicates, p.Raw AS Raw,
    p.QualityScore AS QualityScore, p.Error AS Error, p.Rejected AS Rejected, p.Source AS Source
FROM iot.Runs AS p FINAL;
