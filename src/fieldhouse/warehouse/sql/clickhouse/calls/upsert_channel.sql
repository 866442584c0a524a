-- upsert_channel(channel_id, name, description, latitude, longitude, elevation, field1..field8,
--   created_at, updated_at, last_entry_id, refreshed_at): a channel's metadata, as last read.
INSERT INTO iot.Rows (ChannelID, Kind, State)
SELECT
    {channel_id:Int64}, 12,
    toJSONString(CAST(
        (
            {name:Nullable(String)}, {description:Nullable(String)}, {latitude:Nullable(String)},
            {longitude:Nullable(String)}, {elevation:Nullable(String)},
            {field#:Nullable(String)}, -- each field
            {created_at:Nullable(DateTime64(6, 'UTC'))}, {updated_at:Nullable(DateTime64(6, 'UTC'))},
            {last_entry_id:Nullable(Int64)}, {refreshed_at:Nullable(DateTime64(6, 'UTC'))}
        ),
        'Tuple(
            ChannelName Nullable(String), Description Nullable(String), Latitude Nullable(String),
            Longitude Nullable(String), Elevation Nullable(String),
            Field#Name Nullable(String), -- each field
            CreatedAt Nullable(DateTime64(6, \'UTC\')), UpdatedAt Nullable(DateTime64(6, \'UTC\')),
            LastEntryID Nullable(Int64), RefreshedAt Nullable(DateTime64(6, \'UTC\'))
        )'
    ));
