-- alarm_anomalies(channel_ids, as_of, seconds): fields in which something is unusual, or was in the last while: the
-- strongest of each, since when, its score, and what it is held against. Not what is young, nor a silence, nor what a
-- person called ok.
SELECT
    a.ChannelID AS ChannelID, a.FieldNumber AS FieldNumber, a.StartedAt AS SinceAt, a.Score AS Figure, a.Kind AS Kind,
    a.EndedAt AS EndedAt, a.Hits AS Hits, a.Jumps AS Jumps, a.PeakAt AS PeakAt, a.Value AS Value,
    a.Expected AS Expected, a.Spread AS Spread, a.Least AS Least, a.Greatest AS Greatest
FROM iot.Anomalies AS a
WHERE
    has({channel_ids:Array(Int64)}, a.ChannelID)
    AND a.Family <> 'SILENCE' AND NOT a.IsYoung AND ifNull(a.IsReal, TRUE)
    AND a.EndedAt > {as_of:DateTime64(6, 'UTC')} - toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000))
    AND a.StartedAt <= {as_of:DateTime64(6, 'UTC')}
ORDER BY a.ChannelID, a.FieldNumber, a.Score DESC, a.StartedAt
LIMIT 1 BY a.ChannelID, a.FieldNumber;
