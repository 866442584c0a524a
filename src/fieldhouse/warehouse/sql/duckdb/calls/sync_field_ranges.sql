-- sync_field_ranges(channel_ids, field_numbers, minima, maxima): the configured ranges of all channels, and
-- no others; the lists' places belong together.
CREATE OR REPLACE TEMP TABLE configured AS
SELECT
    unnest($channel_ids::INTEGER[]) AS ChannelID, unnest($field_numbers::INTEGER[]) AS FieldNumber,
    unnest($minima::DECIMAL(18, 6)[]) AS MinValue, unnest($maxima::DECIMAL(18, 6)[]) AS MaxValue;

DELETE FROM iot.FieldRanges AS f
WHERE NOT EXISTS (
    SELECT 1 FROM configured AS c WHERE c.ChannelID = f.ChannelID AND c.FieldNumber = f.FieldNumber
);

INSERT INTO iot.FieldRanges (ChannelID, FieldNumber, MinValue, MaxValue)
SELECT c.ChannelID, c.FieldNumber, c.MinValue, c.MaxValue
FROM configured AS c
WHERE NOT EXISTS (
    SELECT 1
    FROM iot.FieldRanges AS f
    WHERE
        f.ChannelID = c.ChannelID AND f.FieldNumber = c.FieldNumber
        AND f.MinValue IS NOT DISTINCT FROM c.MinValue AND f.MaxValue IS NOT DISTINCT FROM c.MaxValue
)
ON CONFLICT (ChannelID, FieldNumber) DO UPDATE SET MinValue = excluded.MinValue, MaxValue = excluded.MaxValue;
