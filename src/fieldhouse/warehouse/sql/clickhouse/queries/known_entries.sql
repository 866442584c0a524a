-- known_entries(channel_id, entry_ids): these entries as every epoch of the channel holds them.
SELECT r.Epoch, r.EntryID, r.CreatedAt
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND r.EntryID IN (SELECT arrayJoin({entry_ids:Array(Int64)}))
    AND r.EntryID BETWEEN arrayMin({entry_ids:Array(Int64)}) AND arrayMax({entry_ids:Array(Int64)})
ORDER BY r.Epoch, r.EntryID;
