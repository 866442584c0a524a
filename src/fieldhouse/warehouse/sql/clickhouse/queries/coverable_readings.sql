-- coverable_readings(channel_id, field_number, span_start, span_end, low_value, high_value, is_outside, limit): the
-- readings, as they count now, that a new rule would cover; the first ones, each with how many they are in all. No
-- bounds: whatever their values are.
SELECT
    r.OriginalAt, r.CreatedAt, r.Epoch, r.EntryID,
    r.Field#, -- each field
    count() OVER () AS Readings
FROM iot.CurrentReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND r.OriginalAt >= {span_start:DateTime64(6, 'UTC')} AND r.OriginalAt < {span_end:DateTime64(6, 'UTC')}
    AND (
        ({low_value:Nullable(Decimal(18, 6))} IS NULL AND {field_number:Nullable(Int64)} IS NULL)
        -- each field
        OR (
            coalesce({field_number:Nullable(Int64)}, #) = # AND r.Field# IS NOT NULL
            AND (
                {low_value:Nullable(Decimal(18, 6))} IS NULL
                OR (
                    r.Field# BETWEEN {low_value:Nullable(Decimal(18, 6))} AND {high_value:Nullable(Decimal(18, 6))}
                ) <> {is_outside:Bool}
            )
        )
        -- end
    )
ORDER BY r.OriginalAt, r.Epoch, r.EntryID
LIMIT {limit:UInt64};
