-- remove_correction(correction_id, removed_by, removed_at): a rule no longer holds; how many readings that changed,
-- and from before when they are archived, if some are. What the other rules do to them they still do.
-- This asks for the rule; that it is removed, and what that makes of readings, is written at once.
SELECT r.ChannelID AS ChannelID, r.State AS State, c.ArchivedBefore AS ArchivedBefore
FROM iot.Rows AS r FINAL
JOIN iot.Channels AS c ON c.ChannelID = r.ChannelID
WHERE r.Kind = 10 AND r.EntryID = {correction_id:Int64} AND NOT r.Deleted;
