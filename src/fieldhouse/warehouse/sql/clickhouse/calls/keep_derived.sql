-- keep_derived(channel_id, start_at, end_at, hours, marks, readings): put the derived readings of [start_at, end_at) in
-- the place of those that are held, as far as they differ, and mark their periods; how many differed. The hours, as
-- take_derived_hours gave them, are done. This answers what is held there, and of the entries from first_id to
-- last_id. Sub is a part of each row's key.
SELECT
    r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt, r.Sub AS Sub,
    r.Field# AS Field# -- each field, comma between
FROM iot.Rows AS r FINAL
WHERE
    r.ChannelID = {channel_id:Int64} AND r.Kind = 1 AND NOT r.Deleted
    AND (
        (r.CreatedAt >= {start_at:DateTime64(6, 'UTC')} AND r.CreatedAt < {end_at:DateTime64(6, 'UTC')})
        OR r.EntryID BETWEEN {first_id:Int64} AND {last_id:Int64}
    );
