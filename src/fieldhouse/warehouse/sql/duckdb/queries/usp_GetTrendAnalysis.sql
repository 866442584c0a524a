-- usp_GetTrendAnalysis(channel_id, field_number, days, as_of): one field day by day over
-- [as-of - days, as-of): how it changed, where it goes.
SELECT * FROM iot.usp_GetTrendAnalysis(
    $channel_id, $field_number, Days := coalesce($days, 30), AsOfTime := $as_of
);
