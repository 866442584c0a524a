-- refresh_aggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were. No type:
-- all three; days and weeks are merged from hours, so that the marked hours come with each. No channel ids: all
-- channels. At most 4,000 a turn, hours first; an answer with More, TRUE, asks for another turn. Marks from before a
-- channel's ArchivedBefore are dropped. First the marks are read, then the clock, then what they are about: of two who
-- recompute a period, the one who read less has the lower Version.
SELECT
    groupArray(t.ChannelID) AS Channels, groupArray(t.Number) AS Numbers, groupArray(t.Hour) AS Hours,
    groupArray(t.Mark) AS Marks, groupArray(t.IsDue) AS Dues,
    coalesce({Periods:Nullable(Int64)}, 0) + countIf(t.IsDue) AS Periods,
    countIf(t.IsDue AND t.Number = 1) > 0 AS HasHours, countIf(t.IsDue AND t.Number > 1) > 0 AS HasWholes,
    groupUniqArrayIf(t.ChannelID, t.IsDue AND t.Number > 1) AS WholesOf,
    minOrNullIf(t.PeriodStart, t.IsDue AND t.Number > 1) AS FirstWhole,
    maxOrNullIf(t.PeriodStart, t.IsDue AND t.Number > 1) AS LastWhole,
    count() > 0 AS IsAny, count() = 4000 AS IsMore
FROM (
    SELECT
        m.ChannelID AS ChannelID, indexOf(['HOURLY', 'DAILY', 'WEEKLY', 'QUALITY'], m.AggregationType) AS Number,
        m.PeriodStart AS PeriodStart, intDiv(toUnixTimestamp64Micro(m.PeriodStart), 3600000000) AS Hour, m.Mark AS Mark,
        a.ArchivedBefore IS NULL OR m.PeriodStart >= a.ArchivedBefore AS IsDue
    FROM iot.PeriodMarks AS m
    LEFT JOIN (
        SELECT c.ChannelID, c.ArchivedBefore FROM iot.Channels AS c
        WHERE
            c.ArchivedBefore IS NOT NULL
            AND (
                has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, c.ChannelID)
            )
    ) AS a ON a.ChannelID = m.ChannelID
    WHERE
        (
            m.AggregationType = 'HOURLY' OR m.AggregationType = {aggregation_type:Nullable(String)}
            OR (m.AggregationType <> 'QUALITY' AND {aggregation_type:Nullable(String)} IS NULL)
            OR m.PeriodStart < a.ArchivedBefore
        )
        AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID))
    ORDER BY Number > 1, ChannelID, Hour
    LIMIT 4000
) AS t;

SELECT
    toUnixTimestamp64Nano(now64(9)) AS Version,
    (SELECT count() FROM iot.DerivedSources AS s WHERE has({Channels:Array(Int64)}, s.SourceChannelID)) > 0 AS IsSource;

-- if HasHours
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
hours AS (
    SELECT t.ChannelID, t.PeriodStart
-- include taken_periods
    WHERE t.IsDue AND t.Number = 1
),
-- include recomputed_hours

-- if HasWholes
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
wholes AS (
    SELECT t.ChannelID, t.AggregationType, t.PeriodStart
-- include taken_periods
    WHERE t.IsDue AND t.Number > 1
),
-- include recomputed_wholes

-- if IsSource
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Mark)
-- include derived_marks
-- include taken_periods
JOIN iot.DerivedSources AS s ON s.SourceChannelID = t.ChannelID
WHERE t.IsDue AND t.Number = 1;

-- if IsAny
-- the marks, as they were read, are done: one that was set again meanwhile is another, and stays. With that the days of
-- the hours are to be judged for what is unusual
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Mark, Done)
SELECT DISTINCT t.ChannelID, m.1, m.2, m.3, m.4, m.5, m.6
-- include taken_periods
ARRAY JOIN arrayFilter(
    m -> m.1 = 3 OR (t.IsDue AND t.Number = 1),
    [
        (3, t.PeriodStart, t.AggregationType, t.Number, NULL, toNullable(t.Mark)),
        (17, toStartOfDay(t.PeriodStart), '', 0, toNullable(toUnixTimestamp64Nano(now64(9))), NULL)
    ]
) AS m;

SELECT {Periods:Int64} AS Periods, {IsMore:Bool} AS More;
