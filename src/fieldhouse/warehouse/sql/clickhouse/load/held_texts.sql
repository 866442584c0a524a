-- The texts that are kept beside these entries, and beside what lies between them.
SELECT r.ChannelID, r.Epoch, r.EntryID, r.ColumnName, r.RawValue, r.Reason
FROM iot.RawValues AS r
WHERE
-- include of_entries
;
