-- Kept texts whose reason no longer holds: the entry comes again, with a value or another text in that
-- column. What the source no longer says has been replaced; a comma that is read as a point now has not.
SELECT
    v.ChannelID, v.Epoch, v.EntryID, v.ColumnName, v.RawValue, v.Reason,
    CASE
        WHEN v.Texts IS NOT NULL THEN NOT list_contains(v.Texts, v.RawValue)
        ELSE NOT coalesce(
            try_cast(replace(trim(v.RawValue), ',', '.') AS DECIMAL(18, 6))
            = try_cast(v.Offered AS DECIMAL(18, 6)),
            FALSE
        )
    END AS IsReplaced
FROM (
    SELECT
        r.ChannelID, r.Epoch, r.EntryID, r.ColumnName, r.RawValue, r.Reason, t.Texts, t.Reasons,
        CASE r.ColumnName
            WHEN 'Field#' THEN o.Field#::VARCHAR -- each field
            WHEN 'Latitude' THEN o.Latitude::VARCHAR
            WHEN 'Longitude' THEN o.Longitude::VARCHAR
            WHEN 'Elevation' THEN o.Elevation::VARCHAR
            WHEN 'Status' THEN o.Status
        END AS Offered
    FROM iot.RawValues AS r
    JOIN offered AS o
        ON o.ChannelID = r.ChannelID AND o.Epoch = r.Epoch AND o.EntryID = r.EntryID
    LEFT JOIN (
        SELECT
            s.ChannelID, s.Epoch, s.EntryID, s.ColumnName,
            list(s.RawValue) AS Texts, list({'RawValue': s.RawValue, 'Reason': s.Reason}) AS Reasons
        FROM offered_raw AS s
        GROUP BY s.ChannelID, s.Epoch, s.EntryID, s.ColumnName
    ) AS t
        ON t.ChannelID = r.ChannelID AND t.Epoch = r.Epoch AND t.EntryID = r.EntryID
        AND t.ColumnName = r.ColumnName
    WHERE
        r.Reason <> 'replaced'
        AND r.ChannelID BETWEEN $first_channel AND $last_channel
        AND r.EntryID BETWEEN $first_entry AND $last_entry
) AS v
WHERE
    (v.Offered IS NOT NULL OR v.Texts IS NOT NULL)
    AND NOT coalesce(list_contains(v.Reasons, {'RawValue': v.RawValue, 'Reason': v.Reason}), FALSE);
