-- anomalies(channel_id, threshold_stddev, lookback_days, as_of): the readings that lie far from the rest in any of
-- their fields, over [as-of - days, as-of), as usp_DetectAnomalies finds them in each (ZSCORE).
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
sourced AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt, f.1 AS FieldNumber, assumeNotNull(f.2) AS Value
    FROM iot.CurrentReadings AS r
    ARRAY JOIN [
        (#, r.Field#) -- each field, comma between
    ] AS f
    WHERE
        r.ChannelID = {channel_id:Int64} AND f.2 IS NOT NULL
        AND r.CreatedAt >= instant - toIntervalDay(least({lookback_days:Int64}, 700000))
        AND r.CreatedAt < instant
),
-- around the least value, subtracted exactly, so that far-off levels cost no digits
shifted AS (
    SELECT
        s.*, min(s.Value) OVER (PARTITION BY s.FieldNumber) AS Least,
        toFloat64(toDecimal128(s.Value, 6) - Least) AS Offset
    FROM sourced AS s
),
measured AS (
    SELECT
        s.*, avg(s.Offset) OVER (PARTITION BY s.FieldNumber) AS Mean,
        stddevSampStable(s.Offset) OVER (PARTITION BY s.FieldNumber) AS Spread
    FROM shifted AS s
)
SELECT
    m.FieldNumber, m.Epoch, m.EntryID, m.CreatedAt, m.Value, toFloat64(m.Least) + m.Mean AS Centre, m.Spread,
    (m.Offset - m.Mean) / m.Spread AS Score
FROM measured AS m
WHERE m.Spread > 0 AND abs(m.Offset - m.Mean) > {threshold_stddev:Float64} * m.Spread
ORDER BY m.FieldNumber, m.CreatedAt, m.Epoch, m.EntryID;
