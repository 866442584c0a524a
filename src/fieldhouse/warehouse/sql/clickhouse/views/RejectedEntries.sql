-- Entries without a usable id or time, as their text.
CREATE OR REPLACE VIEW iot.RejectedEntries AS
SELECT
    r.ChannelID AS ChannelID, lower(hex(SHA256(r.RawValue))) AS EntryHash, r.Epoch AS Epoch, r.RawValue AS EntryText,
    CAST(r.Reason, 'String') AS Reason, assumeNotNull(r.ImportedAt) AS RejectedAt
FROM iot.Rows AS r FINAL
WHERE r.Kind = 4 AND NOT r.Deleted;
