-- rejected_entries(channel_id, reason, contains, skip, limit): the entries of a channel that could be no readings, as
-- they came; those of a reason, with a text in them. Newest first, after some that are skipped; each with how many
-- there are in all.
SELECT e.Epoch, e.EntryText, e.Reason, e.RejectedAt, count(*) OVER () AS Entries
FROM iot.RejectedEntries AS e
WHERE
    e.ChannelID = $channel_id
    AND ($reason::VARCHAR IS NULL OR e.Reason = $reason::VARCHAR)
    AND ($contains::VARCHAR IS NULL OR contains(e.EntryText, $contains::VARCHAR))
ORDER BY e.RejectedAt DESC, e.EntryHash
LIMIT coalesce($limit::BIGINT, 100) OFFSET coalesce($skip::BIGINT, 0);
