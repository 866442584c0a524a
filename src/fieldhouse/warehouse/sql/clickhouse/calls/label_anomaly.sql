-- label_anomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back; how
-- many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
SELECT
    groupArray(a.ChannelID) AS Channels, groupArray(a.FieldNumber) AS FieldNumbers, groupArray(a.Family) AS Families,
    groupArray(a.StartedAt) AS Starts, any(toDate32(a.StartedAt)) AS FirstDay, any(toDate32(a.EndedAt)) AS LastDay,
    count() > 0 AS IsAny
FROM iot.Anomalies AS a
WHERE a.AnomalyID = {anomaly_id:String};

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, ColumnName, Sub, State, Deleted)
SELECT
    z.1, 18, z.2, z.3, z.4, sipHash64(z.4),
    toJSONString(
        CAST(
            ({is_real:Nullable(Bool)}, {labelled_by:String}, now64(6, 'UTC')),
            'Tuple(IsReal Nullable(Bool), LabelledBy String, LabelledAt DateTime64(6, \'UTC\'))'
        )
    ),
    {is_real:Nullable(Bool)} IS NULL
FROM (
    SELECT arrayJoin(arrayZip(
        {Channels:Array(Int64)}, {Starts:Array(DateTime64(6, 'UTC'))}, {FieldNumbers:Array(Int32)},
        {Families:Array(String)}
    )) AS z
);

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Mark)
SELECT q.ChannelID, 3, toDateTime64(q.CheckDate, 6, 'UTC'), 'QUALITY', 4, toUnixTimestamp64Nano(now64(9))
FROM iot.DataQuality AS q
WHERE
    has({Channels:Array(Int64)}, q.ChannelID) AND q.CheckDate >= {FirstDay:Date32} AND q.CheckDate <= {LastDay:Date32};

SELECT toInt64(length({Channels:Array(Int64)})) AS Labelled;
