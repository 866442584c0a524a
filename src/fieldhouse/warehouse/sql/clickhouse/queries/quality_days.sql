-- quality_days(channel_id, start_at, end_at): the judged days of a span, end excluded, in the order of time; NULL is
-- open.
SELECT
    q.CheckDate, q.TotalReadings, q.MissingReadings, q.OutOfRangeReadings, q.AnomaliesDetected, q.QualityScore,
    q.CadenceSeconds, q.ExpectedReadings, q.AbsentReadings, q.RangesConfigured, q.Notes, q.AsOfTime
FROM iot.DataQuality AS q
WHERE
    q.ChannelID = {channel_id:Int64}
    AND ({start_at:Nullable(Date32)} IS NULL OR q.CheckDate >= {start_at:Nullable(Date32)})
    AND ({end_at:Nullable(Date32)} IS NULL OR q.CheckDate < {end_at:Nullable(Date32)})
ORDER BY q.CheckDate;
