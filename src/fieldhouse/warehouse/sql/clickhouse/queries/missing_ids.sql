-- missing_ids(channel_id, epoch, above, upto): runs of entry ids above one and up to another, not held.
WITH
edges AS (
    SELECT r.EntryID FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64} AND r.Epoch = {epoch:Int64}
        AND r.EntryID > {above:Int64} AND r.EntryID <= {upto:Int64}
    UNION ALL
    SELECT arrayJoin([{above:Int64}, {upto:Int64} + 1])
),
pairs AS (
    SELECT e.EntryID, lead(toNullable(e.EntryID)) OVER (ORDER BY e.EntryID) AS NextID FROM edges AS e
)
SELECT p.EntryID + 1 AS FirstEntryID, p.NextID - 1 AS LastEntryID
FROM pairs AS p
WHERE p.NextID > p.EntryID + 1 AND {upto:Int64} > {above:Int64}
ORDER BY FirstEntryID;
