-- counted_entry(channel_id, entry_id, field_number, has_status): where the reading stands that has the highest id of
-- the newest life, of those that count: of all, or those of one id, with a value or a text in a field, with a status.
WITH found AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64}
        AND ({entry_id:Nullable(Int64)} IS NULL OR r.EntryID = {entry_id:Nullable(Int64)})
        AND (NOT {has_status:Bool} OR r.Status IS NOT NULL)
        AND (
            {field_number:Nullable(Int64)} IS NULL
            OR CASE {field_number:Nullable(Int64)}
                WHEN # THEN r.Field# -- each field
            END IS NOT NULL
        )
    ORDER BY r.Epoch DESC, r.EntryID DESC
    LIMIT 1
),
with_text AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt
    FROM iot.RawValues AS v
    JOIN iot.CountedReadings AS r ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
    LEFT JOIN iot.CorrectedReadings AS c ON c.ReadingID = r.ReadingID
    WHERE
        v.ChannelID = {channel_id:Int64} AND v.Reason <> 'replaced'
        AND v.ColumnName = concat('Field', toString({field_number:Nullable(Int64)}))
        AND ({entry_id:Nullable(Int64)} IS NULL OR v.EntryID = {entry_id:Nullable(Int64)})
        AND (NOT {has_status:Bool} OR r.Status IS NOT NULL)
        AND (c.ChangedFields IS NULL OR position(c.ChangedFields, v.ColumnName) = 0)
        AND r.ChannelID = {channel_id:Int64}
    ORDER BY r.Epoch DESC, r.EntryID DESC
    LIMIT 1
)
SELECT e.Epoch, e.EntryID, e.CreatedAt
FROM (SELECT f.* FROM found AS f UNION ALL SELECT t.* FROM with_text AS t) AS e
ORDER BY e.Epoch DESC, e.EntryID DESC
LIMIT 1;
