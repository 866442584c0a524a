-- The epochs, labels and rules of these channels; and what time it is, if there is nothing else.
SELECT
    r.ChannelID AS ChannelID, r.Kind AS Kind, r.Epoch AS Epoch, r.EntryID AS EntryID, r.Sub AS Sub, r.State AS State,
    now64(6, 'UTC') AS At
FROM iot.Rows AS r FINAL
WHERE r.ChannelID IN {channel_ids:Array(Int64)} AND r.Kind IN (6, 7, 10) AND NOT r.Deleted
UNION ALL
SELECT 0, 0, 0, 0, 0, '', now64(6, 'UTC');
