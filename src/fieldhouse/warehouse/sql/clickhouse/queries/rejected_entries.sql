-- rejected_entries(channel_id, reason, contains, skip, limit): the entries of a channel that could be no readings, as
-- they came; those of a reason, with a text in them. Newest first, after some that are skipped; each with how many
-- there are in all.
SELECT e.Epoch, e.EntryText, e.Reason, e.RejectedAt, count() OVER () AS Entries
FROM iot.RejectedEntries AS e
WHERE
    e.ChannelID = {channel_id:Int64}
    AND ({reason:Nullable(String)} IS NULL OR e.Reason = {reason:Nullable(String)})
    AND ({contains:Nullable(String)} IS NULL OR position(e.EntryText, {contains:Nullable(String)}) > 0)
ORDER BY e.RejectedAt DESC, e.EntryHash
LIMIT {limit:UInt64} OFFSET {skip:UInt64};
