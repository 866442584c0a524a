-- usp_DetectAnomalies: the readings of one field that lie far from the rest, over [as-of - days, as-of).
-- ZSCORE: |x - mean| > threshold * sample deviation; MAD: 0.6745 * |x - median| / MAD > threshold.
-- A NULL AsOfTime is now. Distances are taken around the least value, subtracted exactly.
CREATE OR REPLACE VIEW iot.usp_DetectAnomalies AS
WITH
coalesce({AsOfTime:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
(
    SELECT
        throwIf({FieldNumber:Int64} NOT BETWEEN 1 AND 8, 'ConfigurationError: fields are numbered 1 to 8')
        OR throwIf({LookbackDays:Int64} < 0, 'ConfigurationError: the days are 0 or more')
        OR throwIf(
            upper({Method:String}) NOT IN ('ZSCORE', 'MAD'), 'ConfigurationError: the methods are ZSCORE and MAD'
        )
) AS refused,
sourced AS (
    SELECT
        r.ReadingID, r.Epoch, r.EntryID, r.CreatedAt,
        CASE {FieldNumber:Int64}
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = {ChannelID:Int64}
        AND r.CreatedAt >= instant - toIntervalDay(least({LookbackDays:Int64}, 700000))
        AND r.CreatedAt < instant AND NOT refused
),
shifted AS (
    SELECT
        s.ReadingID, s.Epoch, s.EntryID, s.CreatedAt, assumeNotNull(s.Value) AS Value,
        min(Value) OVER () AS Least, toFloat64(toDecimal128(Value, 6) - Least) AS Offset
    FROM sourced AS s
    WHERE s.Value IS NOT NULL
),
middle AS (
    SELECT
        s.*, avg(s.Offset) OVER () AS Mean, stddevSampStable(s.Offset) OVER () AS StdDev,
        quantileExactInclusive(0.5)(s.Offset) OVER () AS Median
    FROM shifted AS s
),
measured AS (
    SELECT
        m.*, if(upper({Method:String}) = 'MAD', m.Median, m.Mean) AS Middle,
        if(
            upper({Method:String}) = 'MAD',
            quantileExactInclusive(0.5)(abs(m.Offset - m.Median)) OVER () / 0.6745,
            m.StdDev
        ) AS Spread
    FROM middle AS m
)
SELECT
    d.ReadingID AS ReadingID, d.Epoch AS Epoch, d.EntryID AS EntryID, d.CreatedAt AS CreatedAt, d.Value AS Value,
    toFloat64(d.Least) + d.Middle AS Centre, d.Spread AS Spread, (d.Offset - d.Middle) / d.Spread AS Score
FROM measured AS d
WHERE
    d.Spread > 0 AND abs(d.Offset - d.Middle) > {ThresholdStdDev:Float64} * d.Spread
ORDER BY d.CreatedAt, d.Epoch, d.EntryID;
