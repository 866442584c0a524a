-- usp_CalculateDataQuality(channel_id, check_date, as_of): judge one day of a channel and keep the
-- judgement; its row. A NULL date is the day of as-of. A day from before the channel's ArchivedBefore keeps
-- what it was judged.
INSERT INTO iot.DataQuality (
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
)
SELECT
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
FROM iot.usp_CalculateDataQuality($channel_id, CheckDate := $check_date::DATE, AsOfTime := $as_of::TIMESTAMP) AS j
WHERE NOT EXISTS (
    SELECT 1 FROM iot.Channels AS c WHERE c.ChannelID = j.ChannelID AND c.ArchivedBefore > j.CheckDate
)
ON CONFLICT (ChannelID, CheckDate) DO UPDATE SET
    TotalReadings = excluded.TotalReadings,
    MissingReadings = excluded.MissingReadings,
    OutOfRangeReadings = excluded.OutOfRangeReadings,
    AnomaliesDetected = excluded.AnomaliesDetected,
    QualityScore = excluded.QualityScore,
    CadenceSeconds = excluded.CadenceSeconds,
    ExpectedReadings = excluded.ExpectedReadings,
    AbsentReadings = excluded.AbsentReadings,
    RangesConfigured = excluded.RangesConfigured,
    Notes = excluded.Notes,
    AsOfTime = excluded.AsOfTime,
    CreatedAt = excluded.CreatedAt;

SELECT q.*
FROM iot.DataQuality AS q
WHERE
    q.ChannelID = $channel_id
    AND q.CheckDate = coalesce($check_date::DATE, coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))::DATE);
