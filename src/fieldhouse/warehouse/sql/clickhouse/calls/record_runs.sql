-- record_runs(runs): passes of the pipeline; a table with the columns of state.Run. One that found nothing new,
-- right after another of the same channel, day and score that found nothing, makes that one's row longer
-- instead; RequestsNeeded, one for each, says how many they are.
INSERT INTO iot.Runs (
    RunID, ChannelID, StartedAt, EndedAt, Outcome, Requests, RequestsNeeded, Fetched, Inserted, Updated,
    Duplicates, Raw, Rejected, QualityScore, Error, Source
)
WITH
runs AS (
    SELECT
        {channel_id:Array(Int64)}[n.Number] AS channel_id,
        {started_at:Array(DateTime64(6, 'UTC'))}[n.Number] AS started_at,
        {ended_at:Array(Nullable(DateTime64(6, 'UTC')))}[n.Number] AS ended_at,
        {outcome:Array(String)}[n.Number] AS outcome,
        {requests:Array(Int64)}[n.Number] AS requests,
        {requests_needed:Array(Int64)}[n.Number] AS requests_needed,
        {fetched:Array(Int64)}[n.Number] AS fetched,
        {inserted:Array(Int64)}[n.Number] AS inserted,
        {updated:Array(Int64)}[n.Number] AS updated,
        {duplicates:Array(Int64)}[n.Number] AS duplicates,
        {raw:Array(Int64)}[n.Number] AS raw,
        {rejected:Array(Int64)}[n.Number] AS rejected,
        {quality_score:Array(Nullable(Float64))}[n.Number] AS quality_score,
        {error:Array(Nullable(String))}[n.Number] AS error,
        {source:Array(Nullable(String))}[n.Number] AS source,
        countEqual({channel_id:Array(Int64)}, channel_id) AS of_channel
    FROM (SELECT arrayJoin(range(1, length({channel_id:Array(Int64)}) + 1)) AS Number) AS n
),
latest AS (
    SELECT p.*
    FROM iot.PipelineRuns AS p
    WHERE
        p.ChannelID IN {channel_id:Array(Int64)}
        AND p.StartedAt >= toStartOfDay(arrayMin({started_at:Array(DateTime64(6, 'UTC'))}))
    ORDER BY p.StartedAt DESC, p.RunID DESC
    LIMIT 1 BY p.ChannelID
),
continued AS (
    SELECT p.*
    FROM latest AS p
    WHERE
        p.Source IS NULL AND p.Outcome = 'success' AND p.Inserted = 0 AND p.Updated = 0 AND p.Raw = 0
        AND p.Rejected = 0
)
SELECT
    if(x.IsLonger, x.RunID, toInt64(generateSnowflakeID())), x.channel_id, if(x.IsLonger, x.StartedAt, x.started_at),
    x.ended_at, x.outcome, x.requests + if(x.IsLonger, x.Requests, 0),
    x.requests_needed + if(x.IsLonger, x.RequestsNeeded, 0), x.fetched + if(x.IsLonger, x.Fetched, 0), x.inserted,
    x.updated, x.duplicates + if(x.IsLonger, x.Duplicates, 0), x.raw, x.rejected, x.quality_score, x.error, x.source
FROM (
    SELECT
        r.*, c.RunID AS RunID, c.StartedAt AS StartedAt, c.Requests AS Requests,
        c.RequestsNeeded AS RequestsNeeded, c.Fetched AS Fetched, c.Duplicates AS Duplicates,
        ifNull(
            r.outcome = 'success' AND r.inserted = 0 AND r.updated = 0 AND r.raw = 0 AND r.rejected = 0
            AND r.requests_needed = 1 AND r.of_channel = 1 AND c.StartedAt >= toStartOfDay(r.started_at)
            AND c.EndedAt <= r.started_at AND c.QualityScore IS NOT DISTINCT FROM r.quality_score,
            FALSE
        ) AS IsLonger
    FROM runs AS r
    LEFT JOIN continued AS c ON c.ChannelID = r.channel_id
) AS x;
