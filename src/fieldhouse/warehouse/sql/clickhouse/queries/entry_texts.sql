-- entry_texts(channel_id, entry_ids): the texts that are kept beside these entries, as the rules leave them, in every
-- epoch of the channel.
SELECT v.Epoch, v.EntryID, v.ColumnName, v.RawValue
FROM iot.RawValues AS v
LEFT JOIN (
    SELECT c.Epoch, c.EntryID, c.ChangedFields FROM iot.CorrectedReadings AS c
    WHERE c.ChannelID = {channel_id:Int64}
) AS c ON c.Epoch = v.Epoch AND c.EntryID = v.EntryID
WHERE
    v.ChannelID = {channel_id:Int64} AND v.Reason <> 'replaced'
    AND v.EntryID BETWEEN arrayMin({entry_ids:Array(Int64)}) AND arrayMax({entry_ids:Array(Int64)})
    AND v.EntryID IN (SELECT arrayJoin({entry_ids:Array(Int64)}))
    AND (c.ChangedFields IS NULL OR position(c.ChangedFields, v.ColumnName) = 0)
ORDER BY v.Epoch, v.EntryID, v.ColumnName, v.RawValue;
