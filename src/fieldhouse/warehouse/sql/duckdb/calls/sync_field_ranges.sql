-- sync_field_ranges(channel_id, field_numbers, minima, maxima): the configured ranges, and no others.
DELETE FROM iot.FieldRanges AS f
WHERE f.ChannelID = $channel_id AND NOT list_contains($field_numbers::INTEGER[], f.FieldNumber);
INSERT INTO iot.FieldRanges (ChannelID, FieldNumber, MinValue, MaxValue)
SELECT
    $channel_id, unnest($field_numbers::INTEGER[]),
    unnest($minima::DECIMAL(18, 6)[]), unnest($maxima::DECIMAL(18, 6)[])
ON CONFLICT (ChannelID, FieldNumber) DO UPDATE SET MinValue = excluded.MinValue, MaxValue = excluded.MaxValue;
