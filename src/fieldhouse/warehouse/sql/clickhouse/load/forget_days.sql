-- Days of a channel that nothing is left of lose their judgement.
INSERT INTO iot.Judgements (
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    RangesConfigured, AsOfTime, Deleted
)
SELECT q.ChannelID, q.CheckDate, 0, 0, 0, 0, 0, FALSE, q.AsOfTime, 1
FROM iot.Judgements AS q FINAL
WHERE q.ChannelID = {channel_id:Int64} AND q.CheckDate IN {days:Array(Date32)};
