-- The source's texts that no number is exactly.
CREATE OR REPLACE VIEW iot.RawValues AS
SELECT
    r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, CAST(r.ColumnName, 'String') AS ColumnName,
    r.RawValue AS RawValue, CAST(r.Reason, 'String') AS Reason, assumeNotNull(r.ImportedAt) AS ImportedAt
FROM iot.Rows AS r FINAL
WHERE r.Kind = 2 AND NOT r.Deleted;
