-- usp_DetectAnomalies(channel_id, field_number, threshold_stddev, lookback_days, method, as_of): the
-- readings of one field that lie far from the rest, over [as-of - days, as-of).
SELECT * FROM iot.usp_DetectAnomalies(
    ChannelID = {channel_id:Int64}, FieldNumber = {field_number:Int64},
    ThresholdStdDev = {threshold_stddev:Float64}, LookbackDays = {lookback_days:Int64},
    Method = {method:String}, AsOfTime = {as_of:Nullable(DateTime64(6, 'UTC'))}
);
