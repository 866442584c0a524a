-- anomalies(channel_id, threshold_stddev, lookback_days, as_of): the readings that lie far from the rest in any of
-- their fields, over [as-of - days, as-of), as usp_DetectAnomalies finds them in each (ZSCORE).
WITH
sourced AS (
    SELECT
        r.Epoch, r.EntryID, r.CreatedAt, unnest([1, 2, 3, 4, 5, 6, 7, 8]) AS FieldNumber,
        unnest([r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8]) AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
        - to_days(least(coalesce($lookback_days, 30), 700000)::INTEGER)
        AND r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
),
given AS MATERIALIZED (
    SELECT s.* FROM sourced AS s WHERE s.Value IS NOT NULL
),
whole AS (
    SELECT
        g.FieldNumber, min(g.Value) AS Least,
        (sum(g.Value) - count(*) * min(g.Value)::DECIMAL(38, 6))::DOUBLE / count(*) AS Centre
    FROM given AS g
    GROUP BY g.FieldNumber
),
-- around the least value, subtracted exactly, so that far-off levels cost no digits
shifted AS MATERIALIZED (
    SELECT g.*, w.Least, w.Centre, (g.Value::DECIMAL(38, 6) - w.Least)::DOUBLE AS Offset_
    FROM given AS g
    JOIN whole AS w ON w.FieldNumber = g.FieldNumber
),
spreads AS (
    SELECT s.FieldNumber, stddev_samp(s.Offset_) AS Spread FROM shifted AS s
    GROUP BY s.FieldNumber
)
SELECT
    s.FieldNumber, s.Epoch, s.EntryID, s.CreatedAt, s.Value, s.Least::DOUBLE + s.Centre AS Centre, d.Spread,
    (s.Offset_ - s.Centre) / d.Spread AS Score
FROM shifted AS s
JOIN spreads AS d ON d.FieldNumber = s.FieldNumber
WHERE iot.IsAnomaly(s.Offset_ - s.Centre, d.Spread, coalesce($threshold_stddev, 3.0)::DOUBLE)
ORDER BY s.FieldNumber, s.CreatedAt, s.Epoch, s.EntryID;
