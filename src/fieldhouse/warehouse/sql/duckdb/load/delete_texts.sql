-- Texts whose reason no longer holds.
DELETE FROM iot.RawValues AS r
USING stale AS s
WHERE
    r.ChannelID = s.ChannelID AND r.Epoch = s.Epoch AND r.EntryID = s.EntryID
    AND r.ColumnName = s.ColumnName AND r.RawValue = s.RawValue AND r.Reason = s.Reason
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry;
