-- What people said of incidents, as it was said.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, ColumnName, Sub, State)
SELECT
    z.1, 18, z.2, z.3, z.4, sipHash64(z.4),
    toJSONString(
        CAST(
            (z.5, z.6, z.7),
            'Tuple(IsReal Nullable(Bool), LabelledBy String, LabelledAt DateTime64(6, \'UTC\'))'
        )
    )
FROM (
    SELECT arrayJoin(arrayZip(
        {channels:Array(Int64)}, {starts:Array(DateTime64(6, 'UTC'))}, {field_numbers:Array(Int32)},
        {families:Array(String)}, {reals:Array(Bool)}, {people:Array(String)},
        {instants:Array(DateTime64(6, 'UTC'))}
    )) AS z
);
