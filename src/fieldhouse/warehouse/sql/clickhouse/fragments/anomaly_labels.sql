-- SELECT: what people say of incidents.
SELECT
    r.ChannelID AS ChannelID, toInt32(r.EntryID) AS FieldNumber, CAST(r.ColumnName, 'String') AS Family,
    r.CreatedAt AS StartedAt, JSONExtractBool(r.State, 'IsReal') AS IsReal,
    JSONExtractString(r.State, 'LabelledBy') AS LabelledBy,
    JSONExtract(r.State, 'LabelledAt', 'DateTime64(6, \'UTC\')') AS LabelledAt,
    JSONExtract(r.State, 'EndedAt', 'Nullable(DateTime64(6, \'UTC\'))') AS EndedAt,
    JSONExtract(r.State, 'Low', 'Nullable(Float64)') AS Low, JSONExtract(r.State, 'High', 'Nullable(Float64)') AS High
FROM iot.Rows AS r FINAL
WHERE r.Kind = 18 AND NOT r.Deleted
