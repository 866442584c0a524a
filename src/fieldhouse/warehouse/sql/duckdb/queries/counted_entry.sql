-- counted_entry(channel_id, entry_id, field_number, has_status): where the reading stands that has the highest id of
-- the newest life, of those that count: of all, or those of one id, with a value or a text in a field, with a status.
WITH found AS (
    SELECT r.Epoch, r.EntryID, r.CreatedAt
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND ($entry_id::BIGINT IS NULL OR r.EntryID = $entry_id::BIGINT)
        AND (NOT $has_status::BOOLEAN OR r.Status IS NOT NULL)
        AND (
            $field_number::INTEGER IS NULL
            OR CASE $field_number::INTEGER
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
        v.ChannelID = $channel_id AND v.Reason <> 'replaced'
        AND v.ColumnName = 'Field' || $field_number::INTEGER
        AND ($entry_id::BIGINT IS NULL OR v.EntryID = $entry_id::BIGINT)
        AND (NOT $has_status::BOOLEAN OR r.Status IS NOT NULL)
        AND (c.ChangedFields IS NULL OR NOT contains(c.ChangedFields, v.ColumnName))
    ORDER BY r.Epoch DESC, r.EntryID DESC
    LIMIT 1
)
SELECT f.* FROM found AS f
UNION ALL
SELECT t.* FROM with_text AS t
ORDER BY Epoch DESC, EntryID DESC
LIMIT 1;
