-- reading_texts(channel_id, start_at, end_at, original): the texts that are kept beside a channel's readings of a
-- span, or all channels' if it is NULL; in the order of the readings, ChannelID before it. NULL is open.
SELECT
    r.ChannelID AS ChannelID, coalesce(c.CreatedAt, r.CreatedAt) AS CreatedAt, r.Epoch AS Epoch, r.EntryID AS EntryID,
    v.ColumnName, v.RawValue
-- include counted_texts
ORDER BY r.ChannelID, coalesce(c.CreatedAt, r.CreatedAt), r.Epoch, r.EntryID;
