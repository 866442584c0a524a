-- Texts that are not kept yet.
INSERT INTO iot.RawValues (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason)
SELECT DISTINCT o.ChannelID, o.Epoch, o.EntryID, o.ColumnName, o.RawValue, o.Reason
FROM offered_raw AS o
WHERE NOT EXISTS (
    SELECT 1 FROM iot.RawValues AS r
    WHERE
        r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
        AND r.ColumnName = o.ColumnName AND r.RawValue = o.RawValue AND r.Reason = o.Reason
        AND r.ChannelID BETWEEN $first_channel AND $last_channel
        AND r.EntryID BETWEEN $first_entry AND $last_entry
)
RETURNING ChannelID;
