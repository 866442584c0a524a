-- refresh_quality(channel_ids, as_of): judge the touched days, today, and days judged before they had
-- ended; their rows. No channel ids: all channels. Days after as-of keep their marks.
SET VARIABLE as_of = coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())));

CREATE OR REPLACE TEMP TABLE asked AS
SELECT DISTINCT d.ChannelID, d.CheckDate
FROM (
    SELECT m.ChannelID, m.PeriodStart::DATE AS CheckDate
    FROM iot.PeriodMarks AS m
    WHERE m.AggregationType = 'QUALITY' AND m.PeriodStart < getvariable('as_of')
    UNION ALL
    SELECT c.ChannelID, getvariable('as_of')::DATE FROM iot.Channels AS c
    UNION ALL
    SELECT q.ChannelID, q.CheckDate
    FROM iot.DataQuality AS q
    WHERE q.AsOfTime < (q.CheckDate + 1)::TIMESTAMP AND q.CheckDate < getvariable('as_of')::DATE
) AS d
JOIN iot.Channels AS c ON c.ChannelID = d.ChannelID
WHERE
    ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], d.ChannelID))
    AND (c.ArchivedBefore IS NULL OR d.CheckDate >= c.ArchivedBefore);

SET VARIABLE first_channel = (SELECT min(ChannelID) FROM asked);
SET VARIABLE last_channel = (SELECT max(ChannelID) FROM asked);
SET VARIABLE first_at = (SELECT min(CheckDate) - 31 FROM asked);

INSERT INTO iot.DataQuality (
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
)
WITH
instant AS (
    SELECT getvariable('as_of') AS A
),
sourced AS (
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID BETWEEN getvariable('first_channel') AND getvariable('last_channel')
        AND r.CreatedAt >= getvariable('first_at') AND r.CreatedAt < getvariable('as_of')
),
-- include quality
SELECT
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
FROM quality
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

DELETE FROM iot.PeriodMarks AS m
USING asked AS a
WHERE m.ChannelID = a.ChannelID AND m.AggregationType = 'QUALITY' AND m.PeriodStart = a.CheckDate;

SELECT q.*
FROM iot.DataQuality AS q
JOIN asked AS a ON a.ChannelID = q.ChannelID AND a.CheckDate = q.CheckDate
ORDER BY q.ChannelID, q.CheckDate;
