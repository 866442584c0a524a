-- The values of held readings that the offered ones differ from, as texts to be kept.
SELECT
    v.ChannelID, v.Epoch, v.EntryID,
    v.Change.ColumnName AS ColumnName, v.Change.Held AS RawValue, 'replaced' AS Reason
FROM (
    SELECT
        r.ChannelID, r.Epoch, r.EntryID,
        unnest([
            {'ColumnName': 'Field#', 'Held': r.Field#::VARCHAR, 'Offered': o.Field#::VARCHAR}, -- each field
            {'ColumnName': 'Latitude', 'Held': r.Latitude::VARCHAR, 'Offered': o.Latitude::VARCHAR},
            {'ColumnName': 'Longitude', 'Held': r.Longitude::VARCHAR, 'Offered': o.Longitude::VARCHAR},
            {'ColumnName': 'Elevation', 'Held': r.Elevation::VARCHAR, 'Offered': o.Elevation::VARCHAR},
            {'ColumnName': 'Status', 'Held': r.Status::VARCHAR, 'Offered': o.Status::VARCHAR}
        ]) AS Change
    FROM changed AS o
    JOIN iot.AllReadings AS r
        ON r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
    WHERE
        r.ChannelID BETWEEN $first_channel AND $last_channel
        AND r.EntryID BETWEEN $first_entry AND $last_entry
) AS v
WHERE v.Change.Held <> v.Change.Offered;
