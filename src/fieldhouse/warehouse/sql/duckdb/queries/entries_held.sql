-- entries_held(channel_id, entry_ids): these entries as every epoch of the channel holds them, with their values.
SELECT
    r.Epoch, r.EntryID, r.CreatedAt,
    r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8,
    r.Latitude, r.Longitude, r.Elevation, r.Status
FROM (SELECT DISTINCT unnest($entry_ids::BIGINT[]) AS EntryID) AS i
JOIN iot.AllReadings AS r ON r.EntryID = i.EntryID
WHERE
    r.ChannelID = $channel_id
    AND r.EntryID BETWEEN list_min($entry_ids::BIGINT[]) AND list_max($entry_ids::BIGINT[])
ORDER BY r.Epoch, r.EntryID;
