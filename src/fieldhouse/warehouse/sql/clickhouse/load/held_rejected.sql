-- Which of these rejected entries are kept, by the numbers of their texts.
SELECT r.ChannelID AS ChannelID, r.EntryID AS EntryID
FROM iot.Rows AS r FINAL
WHERE
    r.ChannelID IN {channel_ids:Array(Int64)} AND r.Kind = 4 AND r.EntryID IN {entry_ids:Array(Int64)}
    AND NOT r.Deleted;
