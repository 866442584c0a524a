-- settle_entries(channel_id, epoch, at, horizon, entry_ids, created_ats, findings): what was found out about
-- readings of an epoch. They are 'withdrawn', 'disputed', 'kept' (in spite of the source), 'present', 'dropped'.
-- This asks which readings are otherwise than they were held; with what follows from it they are written at once.
SELECT r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt, f.Finding AS Finding
FROM (
    SELECT
        arrayJoin(arrayZip(
            {entry_ids:Array(Int64)}, {created_ats:Array(DateTime64(6, 'UTC'))}, {findings:Array(String)}
        )) AS Found,
        Found.1 AS EntryID, Found.2 AS CreatedAt, Found.3 AS Finding
) AS f
JOIN iot.AllReadings AS r ON r.EntryID = f.EntryID AND r.CreatedAt = f.CreatedAt
WHERE
    r.ChannelID = {channel_id:Int64} AND r.Epoch = {epoch:Int32} AND r.EntryID IN {entry_ids:Array(Int64)}
    AND f.Finding IN ('withdrawn', 'present') AND (r.WithdrawnAt IS NULL) = (f.Finding = 'withdrawn');
