-- upsert_channel(channel_id, name, description, latitude, longitude, elevation, field1..field8,
--   created_at, updated_at, last_entry_id, refreshed_at): a channel's metadata, as last read.
INSERT INTO iot.Channels (
    ChannelID, ChannelName, Description, Latitude, Longitude, Elevation,
    Field1Name, Field2Name, Field3Name, Field4Name, Field5Name, Field6Name, Field7Name, Field8Name,
    CreatedAt, UpdatedAt, LastEntryID, RefreshedAt
)
VALUES (
    $channel_id, $name, $description,
    TRY_CAST($latitude::VARCHAR AS DECIMAL(18, 6)), TRY_CAST($longitude::VARCHAR AS DECIMAL(18, 6)),
    $elevation::VARCHAR,
    $field1, $field2, $field3, $field4, $field5, $field6, $field7, $field8,
    $created_at, $updated_at, $last_entry_id, $refreshed_at
)
ON CONFLICT (ChannelID) DO UPDATE SET
-- include channel_metadata
