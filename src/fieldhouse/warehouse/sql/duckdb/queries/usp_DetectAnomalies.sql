-- usp_DetectAnomalies(channel_id, field_number, threshold_stddev, lookback_days, method, as_of): as the
-- procedure of that name.
SELECT * FROM iot.usp_DetectAnomalies(
    $channel_id, $field_number,
    ThresholdStdDev := coalesce($threshold_stddev, 3.0), LookbackDays := coalesce($lookback_days, 30),
    Method := coalesce($method, 'ZSCORE'), AsOfTime := $as_of
);
