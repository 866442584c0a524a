-- Whether any kept text is not among those offered with its reading: a look that costs little.
SELECT 1
FROM iot.RawValues AS r
SEMI JOIN offered AS o USING (ChannelID, Epoch, EntryID)
ANTI JOIN offered_raw AS t USING (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason)
WHERE
    r.Reason <> 'replaced'
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry
LIMIT 1;
