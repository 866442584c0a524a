-- The newest reading of an epoch before a horizon that counts: neither withdrawn, but for those that are back, nor in
-- dispute. It is what the next poll expects to be shown again.
SELECT r.EntryID AS EntryID, r.CreatedAt AS CreatedAt
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64} AND r.Epoch = {epoch:Int32} AND r.CreatedAt < {horizon:DateTime64(6, 'UTC')}
    AND r.EntryID NOT IN {left:Array(Int64)} AND r.EntryID NOT IN {disputed:Array(Int64)}
    AND (r.WithdrawnAt IS NULL OR r.EntryID IN {back:Array(Int64)})
ORDER BY r.CreatedAt DESC, r.EntryID DESC
LIMIT 1;
