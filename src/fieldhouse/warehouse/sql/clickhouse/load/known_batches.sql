-- The batches of these that were loaded before.
SELECT r.RawValue AS BatchHash
FROM iot.Rows AS r FINAL
WHERE
    r.ChannelID IN {channel_ids:Array(Int64)} AND r.Kind = 5 AND r.CreatedAt = toDateTime64(0, 6, 'UTC')
    AND r.EntryID = 0 AND r.Epoch = 0 AND r.Sub IN arrayMap(h -> sipHash64(h), {hashes:Array(String)})
    AND r.RawValue IN {hashes:Array(String)} AND NOT r.Deleted;
