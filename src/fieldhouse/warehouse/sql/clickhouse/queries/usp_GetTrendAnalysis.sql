-- usp_GetTrendAnalysis(channel_id, field_number, days, as_of): one field day by day over
-- [as-of - days, as-of): how it changed, where it goes.
SELECT * FROM iot.usp_GetTrendAnalysis(
    ChannelID = {channel_id:Int64}, FieldNumber = {field_number:Int64}, Days = {days:Int64}, AsOfTime = {as_of:Nullable(DateTime64(6, 'UTC'))}
);
