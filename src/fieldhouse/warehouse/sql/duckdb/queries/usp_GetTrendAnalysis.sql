-- usp_GetTrendAnalysis(channel_id, field_number, days, as_of): as the procedure of that name.
SELECT * FROM iot.usp_GetTrendAnalysis(
    $channel_id, $field_number, Days := coalesce($days, 30), AsOfTime := $as_of
);
