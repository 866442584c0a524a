-- kept_texts(channel_id, reason, column_name, contains, skip, limit): the texts that are kept beside a channel's
-- numbers, with their readings; those of a reason, of a column, with a text in them. Newest entries first, after some
-- that are skipped; each with how many there are in all.
WITH
found AS (
    SELECT v.Epoch, v.EntryID, v.ColumnName, v.RawValue, v.Reason, v.ImportedAt, count() OVER () AS Texts
    FROM iot.RawValues AS v
    WHERE
        v.ChannelID = {channel_id:Int64}
        AND ({reason:Nullable(String)} IS NULL OR v.Reason = {reason:Nullable(String)})
        AND ({column_name:Nullable(String)} IS NULL OR v.ColumnName = {column_name:Nullable(String)})
        AND ({contains:Nullable(String)} IS NULL OR position(v.RawValue, {contains:Nullable(String)}) > 0)
    ORDER BY v.Epoch DESC, v.EntryID DESC, v.ColumnName, v.ImportedAt DESC, v.RawValue
    LIMIT {limit:UInt64} OFFSET {skip:UInt64}
)
SELECT
    f.Epoch, f.EntryID, r.CreatedAt, f.ColumnName, f.RawValue, f.Reason, f.ImportedAt,
    CASE f.ColumnName
        WHEN 'Field#' THEN r.Field# -- each field
        WHEN 'Latitude' THEN r.Latitude
        WHEN 'Longitude' THEN r.Longitude
        WHEN 'Elevation' THEN r.Elevation
    END AS Value,
    f.Texts
FROM found AS f
LEFT JOIN (
    SELECT * FROM iot.AllReadings AS a
    WHERE a.ChannelID = {channel_id:Int64} AND a.EntryID IN (SELECT w.EntryID FROM found AS w)
) AS r ON r.Epoch = f.Epoch AND r.EntryID = f.EntryID
ORDER BY f.Epoch DESC, f.EntryID DESC, f.ColumnName, f.ImportedAt DESC, f.RawValue;
