-- alarm_low_scores(channel_ids, as_of, runs, score): channels whose score was below another in so many runs in a row,
-- since when, and the last. A row of quiet runs stands for several; a day without a reading has no score worth telling.
WITH
scored AS (
    SELECT
        p.ChannelID AS ChannelID, p.StartedAt AS StartedAt, assumeNotNull(p.QualityScore) AS QualityScore,
        if(p.Inserted = 0 AND p.Updated = 0 AND p.Outcome = 'success', p.RequestsNeeded, 1) AS Runs
    FROM iot.PipelineRuns AS p
    JOIN iot.DataQuality AS q
        ON q.ChannelID = p.ChannelID AND q.CheckDate = toDate32(p.StartedAt)
    WHERE
        q.TotalReadings > 0 AND p.QualityScore IS NOT NULL AND p.ChannelID IN {channel_ids:Array(Int64)}
        AND p.StartedAt >= {as_of:DateTime64(6, 'UTC')} - INTERVAL 30 DAY
        AND p.StartedAt <= {as_of:DateTime64(6, 'UTC')}
),
good AS (
    SELECT s.ChannelID AS ChannelID, max(s.StartedAt) AS StartedAt FROM scored AS s
    WHERE s.QualityScore >= {score:Float64}
    GROUP BY s.ChannelID
)
SELECT
    s.ChannelID AS ChannelID, 0 AS FieldNumber, min(s.StartedAt) AS SinceAt,
    argMax(s.QualityScore, s.StartedAt) AS Figure
FROM scored AS s
LEFT JOIN good AS g ON g.ChannelID = s.ChannelID
WHERE g.StartedAt IS NULL OR s.StartedAt > g.StartedAt
GROUP BY s.ChannelID
HAVING sum(s.Runs) >= {runs:Int64}
ORDER BY s.ChannelID;
