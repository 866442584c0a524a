-- usp_DetectAnomalies: the readings of one field that lie far from the rest, over [as-of - days, as-of).
-- ZSCORE: |x - mean| > threshold * sample deviation; MAD: 0.6745 * |x - median| / MAD > threshold.
CREATE OR REPLACE MACRO iot.usp_DetectAnomalies(
    ChannelID, FieldNumber, ThresholdStdDev := 3.0, LookbackDays := 30, Method := 'ZSCORE', AsOfTime := NULL
) AS TABLE
WITH
instant AS (
    SELECT CASE
        WHEN FieldNumber NOT BETWEEN 1 AND 8 THEN error('ConfigurationError: fields are numbered 1 to 8')
        WHEN LookbackDays < 0 THEN error('ConfigurationError: the days are 0 or more')
        WHEN upper(Method) NOT IN ('ZSCORE', 'MAD') THEN error('ConfigurationError: the methods are ZSCORE and MAD')
        ELSE coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now())))
    END::TIMESTAMP AS A
),
sourced AS (
    SELECT
        r.ReadingID, r.Epoch, r.EntryID, r.CreatedAt,
        CASE FieldNumber
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT i.A FROM instant AS i) - to_days(least(LookbackDays, 700000)::INTEGER)
        AND r.CreatedAt < (SELECT i.A FROM instant AS i)
),
shifted AS (
    SELECT s.*, (s.Value::DECIMAL(38, 6) - (SELECT min(m.Value) FROM sourced AS m)) AS Offset_
    FROM sourced AS s
    WHERE s.Value IS NOT NULL
),
middle AS (
    SELECT median(s.Offset_::DOUBLE) AS Median FROM shifted AS s
),
measures AS (
    SELECT
        min(s.Value)::DOUBLE AS Least,
        avg(s.Offset_) AS Mean, stddev_samp(s.Offset_::DOUBLE) AS StdDev,
        any_value(m.Median) AS Median, median(abs(s.Offset_::DOUBLE - m.Median)) / 0.6745 AS Mad
    FROM shifted AS s
    CROSS JOIN middle AS m
),
spread AS (
    SELECT
        m.Least,
        CASE upper(Method) WHEN 'ZSCORE' THEN m.Mean ELSE m.Median END AS Centre,
        CASE upper(Method) WHEN 'ZSCORE' THEN m.StdDev ELSE m.Mad END AS Spread
    FROM measures AS m
)
SELECT
    s.ReadingID, s.Epoch, s.EntryID, s.CreatedAt, s.Value,
    d.Least + d.Centre AS Centre,
    d.Spread AS Spread,
    (s.Offset_::DOUBLE - d.Centre) / d.Spread AS Score
FROM shifted AS s
CROSS JOIN spread AS d
WHERE iot.IsAnomaly(s.Offset_::DOUBLE - d.Centre, d.Spread, ThresholdStdDev::DOUBLE)
ORDER BY s.CreatedAt, s.Epoch, s.EntryID;
