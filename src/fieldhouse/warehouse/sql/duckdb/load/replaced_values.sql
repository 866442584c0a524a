-- The values of held readings that the offered ones differ from, as texts to be kept.
SELECT
    v.ChannelID, v.Epoch, v.EntryID,
    v.Change.ColumnName AS ColumnName, v.Change.Held AS RawValue, 'replaced' AS Reason
FROM (
    SELECT
        r.ChannelID, r.Epoch, r.EntryID,
        unnest([
            {'ColumnName': 'Field1', 'Held': r.Field1::VARCHAR, 'Offered': o.Field1::VARCHAR},
            {'ColumnName': 'Field2', 'Held': r.Field2::VARCHAR, 'Offered': o.Field2::VARCHAR},
            {'ColumnName': 'Field3', 'Held': r.Field3::VARCHAR, 'Offered': o.Field3::VARCHAR},
            {'ColumnName': 'Field4', 'Held': r.Field4::VARCHAR, 'Offered': o.Field4::VARCHAR},
            {'ColumnName': 'Field5', 'Held': r.Field5::VARCHAR, 'Offered': o.Field5::VARCHAR},
            {'ColumnName': 'Field6', 'Held': r.Field6::VARCHAR, 'Offered': o.Field6::VARCHAR},
            {'ColumnName': 'Field7', 'Held': r.Field7::VARCHAR, 'Offered': o.Field7::VARCHAR},
            {'ColumnName': 'Field8', 'Held': r.Field8::VARCHAR, 'Offered': o.Field8::VARCHAR},
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
