-- The corrected readings of these channels whose originals stand in a span, both ends included; with their rows' keys.
SELECT
    r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt, r.Sub AS Sub,
    r.Field# AS Field# -- each field, comma between
FROM iot.Rows AS r FINAL
WHERE
    r.ChannelID IN {channel_ids:Array(Int64)} AND r.Kind = 11 AND NOT r.Deleted
    AND r.OriginalAt BETWEEN {first_at:DateTime64(6, 'UTC')} AND {last_at:DateTime64(6, 'UTC')};
