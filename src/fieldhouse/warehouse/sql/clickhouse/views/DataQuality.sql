-- A score of each channel and day, and what it is made of.
CREATE OR REPLACE VIEW iot.DataQuality AS
SELECT
    toInt64(bitShiftRight(sipHash64(q.ChannelID, q.CheckDate), 1)) AS QualityID,
    q.ChannelID AS ChannelID, q.CheckDate AS CheckDate, q.TotalReadings AS TotalReadings,
    q.MissingReadings AS MissingReadings, q.OutOfRangeReadings AS OutOfRangeReadings,
    q.AnomaliesDetected AS AnomaliesDetected, q.QualityScore AS QualityScore, q.CadenceSeconds AS CadenceSeconds,
    q.ExpectedReadings AS ExpectedReadings, q.AbsentReadings AS AbsentReadings,
    q.RangesConfigured AS RangesConfigured, q.Notes AS Notes, q.AsOfTime AS AsOfTime, q.CreatedAt AS CreatedAt
FROM iot.Judgements AS q FINAL;
