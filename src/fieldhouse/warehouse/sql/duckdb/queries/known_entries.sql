-- known_entries(channel_id, entry_ids): these entries as every epoch of the channel holds them.
SELECT r.Epoch, r.EntryID, r.CreatedAt
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = $channel_id
    AND list_contains($entry_ids::BIGINT[], r.EntryID)
    AND r.EntryID BETWEEN list_min($entry_ids::BIGINT[]) AND list_max($entry_ids::BIGINT[])
ORDER BY r.Epoch, r.EntryID;
