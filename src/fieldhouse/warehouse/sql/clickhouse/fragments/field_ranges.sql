-- SELECT: the plausible range of a field, as the settings have it; NULL is open.
SELECT
    f.ChannelID AS ChannelID, f.FieldNumber AS FieldNumber, f.Bounds.MinValue AS MinValue, f.Bounds.MaxValue AS MaxValue
FROM (
    SELECT
        r.ChannelID AS ChannelID, toInt32(r.EntryID) AS FieldNumber,
        JSONExtract(
            r.State, 'Tuple(MinValue Nullable(Decimal(18, 6)), MaxValue Nullable(Decimal(18, 6)))'
        ) AS Bounds
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 16 AND NOT r.Deleted
) AS f
