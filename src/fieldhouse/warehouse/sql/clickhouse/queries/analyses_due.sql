-- analyses_due(channel_ids, as_of): each channel's score of today, and whether there is anything to compute: a
-- touched period or day, or a judgement of today that is missing or an hour old. No channel ids: all channels.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
touched AS (
    SELECT DISTINCT m.ChannelID
    FROM iot.PeriodMarks AS m
    WHERE m.AggregationType <> 'QUALITY' OR m.PeriodStart < instant
)
SELECT
    c.ChannelID AS ChannelID, q.QualityScore AS QualityScore,
    t.ChannelID IS NOT NULL OR q.AsOfTime IS NULL OR q.AsOfTime <= instant - INTERVAL 1 HOUR OR q.AsOfTime > instant
        AS IsDue
FROM iot.Channels AS c
LEFT JOIN iot.DataQuality AS q ON q.ChannelID = c.ChannelID AND q.CheckDate = toDate32(instant)
LEFT JOIN touched AS t ON t.ChannelID = c.ChannelID
WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, c.ChannelID)
ORDER BY c.ChannelID;
