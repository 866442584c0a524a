-- alarm_low_scores(channel_ids, as_of, runs, score): channels whose score was below another in so many runs in a row,
-- since when, and the last. A row of quiet runs stands for several; a day without a reading has no score worth telling.
WITH
scored AS (
    SELECT
        p.ChannelID, p.StartedAt, p.QualityScore,
        CASE WHEN p.Inserted = 0 AND p.Updated = 0 AND p.Outcome = 'success' THEN p.RequestsNeeded ELSE 1 END AS Runs
    FROM iot.PipelineRuns AS p
    JOIN iot.DataQuality AS q
        ON q.ChannelID = p.ChannelID AND q.CheckDate = p.StartedAt::DATE AND q.TotalReadings > 0
    WHERE
        p.QualityScore IS NOT NULL AND list_contains($channel_ids::BIGINT[], p.ChannelID)
        AND p.StartedAt >= $as_of::TIMESTAMP - INTERVAL 30 DAY AND p.StartedAt <= $as_of::TIMESTAMP
),
good AS (
    SELECT s.ChannelID, max(s.StartedAt) AS StartedAt FROM scored AS s
    WHERE s.QualityScore >= $score
    GROUP BY s.ChannelID
)
SELECT
    s.ChannelID, 0::INTEGER AS FieldNumber, min(s.StartedAt) AS SinceAt,
    arg_max(s.QualityScore, s.StartedAt) AS Figure
FROM scored AS s
LEFT JOIN good AS g ON g.ChannelID = s.ChannelID
WHERE g.StartedAt IS NULL OR s.StartedAt > g.StartedAt
GROUP BY s.ChannelID
HAVING sum(s.Runs) >= $runs
ORDER BY s.ChannelID;
