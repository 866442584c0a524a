-- missing_ids(channel_id, epoch, above, upto): runs of entry ids above one and up to another, not held.
WITH
edges AS (
    SELECT r.EntryID FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = $channel_id AND r.Epoch = $epoch
        AND r.EntryID > $above AND r.EntryID <= $upto
    UNION ALL
    SELECT unnest([$above::BIGINT, $upto::BIGINT + 1])
),
pairs AS (
    SELECT EntryID, lead(EntryID) OVER (ORDER BY EntryID) AS NextID FROM edges
)
SELECT EntryID + 1 AS FirstEntryID, NextID - 1 AS LastEntryID
FROM pairs
WHERE NextID > EntryID + 1 AND $upto::BIGINT > $above::BIGINT
ORDER BY FirstEntryID;
