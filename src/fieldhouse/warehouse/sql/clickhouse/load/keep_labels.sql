-- What people said of incidents, as it was said.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, ColumnName, Sub, State)
SELECT
    z.1, 18, z.2, z.3, z.4, sipHash64(z.4),
    toJSONString(
        CAST(
            (z.5, z.6, z.7, z.8, z.9, z.10),
            'Tuple(IsReal Nullable(Bool), LabelledBy String, LabelledAt DateTime64(6, \'UTC\'),
            EndedAt Nullable(DateTime64(6, \'UTC\')), Low Nullable(Float64), High Nullable(Float64))'
        )
    )
FROM (
    SELECT arrayJoin(arrayZip(
        {channels:Array(Int64)}, {starts:Array(DateTime64(6, 'UTC'))}, {field_numbers:Array(Int32)},
        {families:Array(String)}, {reals:Array(Bool)}, {people:Array(String)},
        {instants:Array(DateTime64(6, 'UTC'))}, {ends:Array(Nullable(DateTime64(6, 'UTC')))},
        {lows:Array(Nullable(Float64))}, {highs:Array(Nullable(Float64))}
    )) AS z
);
