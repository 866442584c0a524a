-- entries_held(channel_id, entry_ids): these entries as every epoch of the channel holds them, with their values.
SELECT
    r.Epoch, r.EntryID, r.CreatedAt,
    r.Field#, -- each field
    r.Latitude, r.Longitude, r.Elevation, r.Status
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64}
    AND r.EntryID IN (SELECT arrayJoin({entry_ids:Array(Int64)}))
    AND r.EntryID BETWEEN arrayMin({entry_ids:Array(Int64)}) AND arrayMax({entry_ids:Array(Int64)})
ORDER BY r.Epoch, r.EntryID;
