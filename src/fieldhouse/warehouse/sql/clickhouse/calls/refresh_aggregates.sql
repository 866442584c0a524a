-- refresh_aggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were. No type:
-- all three; days and weeks are merged from hours, so that the marked hours come with each. No channel ids: all
-- channels. At most the marks of 1,000 loads a turn, and no further load once they are 20,000; an answer with More, TRUE,
-- asks for another turn. Marks from before a channel's ArchivedBefore are dropped. First the marks are read, then the
-- clock, then what they are about: whoever read less has the lower Version. A mark that was set again meanwhile stays.
SELECT
    groupArray(l.Mark) AS Marks, minOrNull(l.FirstAt) AS FirstMark, maxOrNull(l.LastAt) AS LastMark,
    count() > 0 AS IsAny, any(l.Loads) > count() AS IsMore
FROM (
    SELECT
        m.Mark, min(m.PeriodStart) AS FirstAt, max(m.PeriodStart) AS LastAt, count() AS Periods,
        sum(Periods) OVER (ORDER BY m.Mark) AS UpTo, row_number() OVER (ORDER BY m.Mark) AS Place, count() OVER () AS Loads
    FROM iot.PeriodMarks AS m
    WHERE
        m.AggregationType <> 'QUALITY'
        AND (
            {aggregation_type:Nullable(String)} IS NULL
            OR m.AggregationType IN ('HOURLY', {aggregation_type:Nullable(String)})
        )
        AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID))
    GROUP BY m.Mark
) AS l
WHERE l.Place <= 1000 AND l.UpTo - l.Periods < 20000;

-- if IsAny
WITH
-- include due_periods
SELECT
    toUnixTimestamp64Nano(now64(9)) AS Version, coalesce({Periods:Nullable(Int64)}, 0) + count() AS Periods,
    countIf(d.AggregationType = 'HOURLY') > 0 AS HasHours, countIf(d.AggregationType <> 'HOURLY') > 0 AS HasWholes
FROM due AS d;

-- if HasHours
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
-- include due_periods
, hours AS (
    SELECT d.ChannelID, d.PeriodStart FROM due AS d WHERE d.AggregationType = 'HOURLY'
),
-- include recomputed_hours

-- if HasWholes
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
-- include due_periods
, wholes AS (
    SELECT d.* FROM due AS d WHERE d.AggregationType <> 'HOURLY'
),
-- include recomputed_wholes

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Done)
SELECT
    m.ChannelID, 3, m.PeriodStart, m.AggregationType,
    transform(m.AggregationType, ['HOURLY', 'DAILY', 'WEEKLY'], [1, 2, 3], 0), m.Mark
-- include marks_taken
;

SELECT coalesce({Periods:Nullable(Int64)}, 0) AS Periods, {IsMore:Bool} AS More;
