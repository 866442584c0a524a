-- label_anomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back; how
-- many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
SELECT
    groupArray(a.ChannelID) AS Channels, groupArray(a.FieldNumber) AS FieldNumbers, groupArray(a.Family) AS Families,
    groupArray(a.StartedAt) AS Starts, groupArray(a.EndedAt) AS Ends,
    groupArray(if(
        a.Family IN ('STUCK', 'SILENCE'), 0,
        least(toFloat64(ifNull(a.Value, 0)), coalesce(a.Expected, toFloat64(ifNull(a.Value, 0))))
    )) AS Lows,
    groupArray(if(
        a.Family IN ('STUCK', 'SILENCE'),
        (toUnixTimestamp64Micro(a.EndedAt) - toUnixTimestamp64Micro(a.StartedAt)) / 1000000,
        greatest(toFloat64(ifNull(a.Value, 0)), coalesce(a.Expected, toFloat64(ifNull(a.Value, 0))))
    )) AS Highs,
    any(toDate32(a.StartedAt)) AS FirstDay, any(toDate32(a.EndedAt)) AS LastDay, count() > 0 AS IsAny,
    countIf(ifNull({is_real:Nullable(Bool)}, FALSE) <> ifNull(a.IsReal, FALSE)) > 0 AS IsTurned
FROM iot.Anomalies AS a
WHERE a.AnomalyID = {anomaly_id:String};

-- if IsTurned
-- what is real is kept out of the models, or comes back into them: they are made anew from the last one before it
INSERT INTO iot.Models (ChannelID, Day, FieldNumber, Version, Deleted)
WITH
kept AS (
    SELECT m.ChannelID AS ChannelID, m.Day AS Day, m.FieldNumber AS FieldNumber
    FROM iot.FieldModels AS m
    WHERE has({Channels:Array(Int64)}, m.ChannelID)
)
SELECT k.ChannelID, k.Day, k.FieldNumber, toUnixTimestamp64Nano(now64(9)), 1
FROM kept AS k
JOIN (
    SELECT o.ChannelID AS ChannelID, max(o.Day) AS Day
    FROM kept AS o
    WHERE o.Day <= toDate32({Starts:Array(DateTime64(6, 'UTC'))}[1])
    GROUP BY o.ChannelID
) AS b ON b.ChannelID = k.ChannelID
WHERE k.Day > b.Day;

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, ColumnName, Sub, State, Deleted)
SELECT
    z.1, 18, z.2, z.3, z.4, sipHash64(z.4),
    toJSONString(
        CAST(
            ({is_real:Nullable(Bool)}, {labelled_by:String}, now64(6, 'UTC'), z.5, z.6, z.7),
            'Tuple(IsReal Nullable(Bool), LabelledBy String, LabelledAt DateTime64(6, \'UTC\'),
            EndedAt DateTime64(6, \'UTC\'), Low Float64, High Float64)'
        )
    ),
    {is_real:Nullable(Bool)} IS NULL
FROM (
    SELECT arrayJoin(arrayZip(
        {Channels:Array(Int64)}, {Starts:Array(DateTime64(6, 'UTC'))}, {FieldNumbers:Array(Int32)},
        {Families:Array(String)}, {Ends:Array(DateTime64(6, 'UTC'))}, {Lows:Array(Float64)}, {Highs:Array(Float64)}
    )) AS z
);

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Mark)
SELECT q.ChannelID, 3, toDateTime64(q.CheckDate, 6, 'UTC'), 'QUALITY', 4, toUnixTimestamp64Nano(now64(9))
FROM iot.DataQuality AS q
WHERE
    has({Channels:Array(Int64)}, q.ChannelID) AND q.CheckDate >= {FirstDay:Date32} AND q.CheckDate <= {LastDay:Date32};

SELECT toInt64(length({Channels:Array(Int64)})) AS Labelled;
