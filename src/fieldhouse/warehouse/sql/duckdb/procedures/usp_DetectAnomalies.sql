-- usp_DetectAnomalies: the readings of one field that lie far from the rest, over [as-of - days, as-of).
-- ZSCORE: |x - mean| > threshold * sample deviation; MAD: 0.6745 * |x - median| / MAD > threshold.
CREATE OR REPLACE MACRO iot.usp_DetectAnomalies(
    ChannelID, FieldNumber, ThresholdStdDev := 3.0, LookbackDays := 30, Method := 'ZSCORE', AsOfTime := NULL
) AS TABLE
WITH
instant AS (
    SELECT CASE
        WHEN FieldNumber NOT BETWEEN 1 AND 8 THEN error('ConfigurationError: fields are numbered 1 to 8')
        WHEN upper(Method) NOT IN ('ZSCORE', 'MAD') THEN error('ConfigurationError: the methods are ZSCORE and MAD')
        ELSE coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now())))
    END::TIMESTAMP AS A
),
sourced AS (
    SELECT
        r.ReadingID, r.Epoch, r.EntryID, r.CreatedAt,
        CASE FieldNumber
            WHEN 1 THEN r.Field1
            WHEN 2 THEN r.Field2
            WHEN 3 THEN r.Field3
            WHEN 4 THEN r.Field4
            WHEN 5 THEN r.Field5
            WHEN 6 THEN r.Field6
            WHEN 7 THEN r.Field7
            WHEN 8 THEN r.Field8
        END AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT i.A FROM instant AS i) - to_days(LookbackDays::INTEGER)
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
WHERE d.Spread > 0 AND abs(s.Offset_::DOUBLE - d.Centre) > ThresholdStdDev::DOUBLE * d.Spread
ORDER BY s.CreatedAt, s.Epoch, s.EntryID;
