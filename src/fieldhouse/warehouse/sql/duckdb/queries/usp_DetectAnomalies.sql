-- usp_DetectAnomalies(channel_id, field_number, threshold_stddev, lookback_days, method, as_of): the
-- readings of one field that lie far from the rest, over [as-of - days, as-of).
SELECT * FROM iot.usp_DetectAnomalies(
    $channel_id, $field_number,
    ThresholdStdDev := coalesce($threshold_stddev, 3.0), LookbackDays := coalesce($lookback_days, 30),
    Method := coalesce($method, 'ZSCORE'), AsOfTime := $as_of
);
