-- entry_texts(channel_id, entry_ids): the texts that are kept beside these entries, as the rules leave them, in every
-- epoch of the channel.
SELECT v.Epoch, v.EntryID, v.ColumnName, v.RawValue
FROM iot.RawValues AS v
LEFT JOIN iot.CorrectedReadings AS c
    ON c.ChannelID = v.ChannelID AND c.Epoch = v.Epoch AND c.EntryID = v.EntryID
WHERE
    v.ChannelID = $channel_id AND v.Reason <> 'replaced'
    AND v.EntryID BETWEEN list_min($entry_ids::BIGINT[]) AND list_max($entry_ids::BIGINT[])
    AND v.EntryID IN (SELECT unnest($entry_ids::BIGINT[]))
    AND (c.ChangedFields IS NULL OR NOT contains(c.ChangedFields, v.ColumnName))
ORDER BY v.Epoch, v.EntryID, v.ColumnName, v.RawValue;
