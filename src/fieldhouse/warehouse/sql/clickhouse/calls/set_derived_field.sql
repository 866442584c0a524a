-- set_derived_field(channel_id, field_number, base_channel_id, within_seconds, expression, formula, source_ids,
-- defined_at): what a field is made of; no expression: it is none any more. The sources are those of all the channel's
-- fields. All hours of its base are to be computed anew. One insert.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, State, Deleted, Mark)
SELECT
    {channel_id:Int64}, 19, toDateTime64(0, 6, 'UTC'), {field_number:Int64},
    toJSONString(CAST(
        (
            {base_channel_id:Int64}, {within_seconds:Int64}, ifNull({expression:Nullable(String)}, ''),
            ifNull({formula:Nullable(String)}, ''), {defined_at:DateTime64(6, 'UTC')}
        ),
        'Tuple(BaseChannelID Int64, WithinSeconds Int64, Expression String, Formula String,
            DefinedAt DateTime64(6, \'UTC\'))'
    )),
    {expression:Nullable(String)} IS NULL, CAST(NULL, 'Nullable(Int64)')
UNION ALL
SELECT
    {channel_id:Int64}, 20, toDateTime64(0, 6, 'UTC'), s.SourceChannelID, '',
    NOT has({source_ids:Array(Int64)}, s.SourceChannelID), NULL
FROM (
    SELECT d.SourceChannelID AS SourceChannelID FROM iot.DerivedSources AS d WHERE d.ChannelID = {channel_id:Int64}
    UNION DISTINCT
    SELECT arrayJoin({source_ids:Array(Int64)}) AS SourceChannelID
) AS s
UNION ALL
SELECT DISTINCT
    {channel_id:Int64}, 21, g.PeriodStart, toInt64(0), '', FALSE, toNullable(toUnixTimestamp64Nano(now64(9)))
FROM iot.AggregatedData AS g
WHERE g.AggregationType = 'HOURLY' AND g.ChannelID IN ({base_channel_id:Int64}, {channel_id:Int64});
