-- sync_field_ranges(channel_ids, field_numbers, minima, maxima): the configured ranges of all channels, and
-- no others; the lists' places belong together.
INSERT INTO iot.Rows (ChannelID, Kind, EntryID, State, Deleted)
SELECT f.ChannelID, 16, f.FieldNumber, '', TRUE
FROM iot.FieldRanges AS f
WHERE (f.ChannelID, f.FieldNumber) NOT IN (
    SELECT arrayJoin(arrayZip({channel_ids:Array(Int64)}, {field_numbers:Array(Int32)}))
)
UNION ALL
SELECT
    c.Range.1, 16, c.Range.2,
    toJSONString(CAST((c.Range.3, c.Range.4), 'Tuple(MinValue Nullable(String), MaxValue Nullable(String))')), FALSE
FROM (
    SELECT arrayJoin(arrayZip(
        {channel_ids:Array(Int64)}, {field_numbers:Array(Int32)},
        {minima:Array(Nullable(Decimal(18, 6)))}, {maxima:Array(Nullable(Decimal(18, 6)))}
    )) AS Range
) AS c
LEFT JOIN iot.FieldRanges AS f ON f.ChannelID = c.Range.1 AND f.FieldNumber = c.Range.2
WHERE
    f.ChannelID IS NULL OR f.MinValue IS DISTINCT FROM c.Range.3 OR f.MaxValue IS DISTINCT FROM c.Range.4;
