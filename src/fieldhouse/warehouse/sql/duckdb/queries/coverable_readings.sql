-- coverable_readings(channel_id, field_number, span_start, span_end, low_value, high_value, is_outside, limit): the
-- readings, as they count now, that a new rule would cover; the first ones, each with how many they are in all. No
-- bounds: whatever their values are.
SELECT
    r.OriginalAt, r.CreatedAt, r.Epoch, r.EntryID,
    r.Field#, -- each field
    count(*) OVER () AS Readings
FROM iot.CurrentReadings AS r
WHERE
    r.ChannelID = $channel_id AND r.OriginalAt >= $span_start::TIMESTAMP AND r.OriginalAt < $span_end::TIMESTAMP
    AND (
        ($low_value::DECIMAL(18, 6) IS NULL AND $field_number::INTEGER IS NULL)
        -- each field
        OR (
            coalesce($field_number::INTEGER, #) = # AND r.Field# IS NOT NULL
            AND (
                $low_value::DECIMAL(18, 6) IS NULL
                OR (r.Field# BETWEEN $low_value::DECIMAL(18, 6) AND $high_value::DECIMAL(18, 6)) <> $is_outside
            )
        )
        -- end
    )
ORDER BY r.OriginalAt, r.Epoch, r.EntryID
LIMIT $limit;
