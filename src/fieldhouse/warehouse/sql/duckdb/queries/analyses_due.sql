-- analyses_due(channel_ids, as_of): each channel's score of today, and whether there is anything to compute: a
-- touched period or day, or a judgement of today that is missing or an hour old. No channel ids: all channels.
WITH
instant AS (
    SELECT coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now()))) AS A
),
touched AS (
    SELECT DISTINCT m.ChannelID
    FROM iot.PeriodMarks AS m, instant AS i
    WHERE m.AggregationType <> 'QUALITY' OR m.PeriodStart < i.A
)
SELECT
    c.ChannelID, q.QualityScore,
    t.ChannelID IS NOT NULL OR q.AsOfTime IS NULL OR q.AsOfTime <= i.A - INTERVAL 1 HOUR OR q.AsOfTime > i.A AS IsDue
FROM iot.Channels AS c
CROSS JOIN instant AS i
LEFT JOIN iot.DataQuality AS q ON q.ChannelID = c.ChannelID AND q.CheckDate = i.A::DATE
LEFT JOIN touched AS t ON t.ChannelID = c.ChannelID
WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], c.ChannelID)
ORDER BY c.ChannelID;
