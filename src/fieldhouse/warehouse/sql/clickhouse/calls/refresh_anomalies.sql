-- refresh_anomalies(channel_ids, as_of): judge the marked days by what was known before them; how many they were. No
-- channel ids: all channels. Days after as-of keep their marks, days before a channel's ArchivedBefore lose them. At
-- most 200 days a turn; an answer with More, TRUE, asks for another turn. First the marks are read, then the clock,
-- then what they are about; models are written, then what is found by them, then that exactly those marks are done:
-- what is killed in between is done again, by the same models. Days in which something is unusual, before or after, are
-- marked, so that their quality is judged again.
--
-- A value x of an hour is scored by the level m and the spread s of such hours: z = (x - m) / s, of which FAR is |z|
-- and LEAN the mean of the last 24, each no more than 6. How rare both are among the channel's own scores so far makes
-- the score, -log10 of both shares together. A hit scores 4.6 or more (more where readings come more often than each
-- five minutes), or lies outside of all that was known by more than a twentieth of it.
SELECT
    coalesce({AsOf:Nullable(DateTime64(6, 'UTC'))}, {as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS AsOf;

-- four hundred days before a channel's newest no day is judged: a long history costs no more than a year of it
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Done)
SELECT m.ChannelID, 17, toDateTime64(m.Day, 6, 'UTC'), m.Mark
FROM iot.AnomalyMarks AS m
JOIN (
    SELECT d.ChannelID AS ChannelID, max(d.Day) AS NewestDay
    FROM (
        SELECT x.ChannelID AS ChannelID, x.Day AS Day
        FROM iot.AnomalyMarks AS x
        WHERE x.Day <= toDate32({AsOf:DateTime64(6, 'UTC')})
        UNION ALL
        SELECT n.ChannelID AS ChannelID, n.NewestDay AS Day FROM iot.AnomalyChannels AS n
    ) AS d
    GROUP BY d.ChannelID
) AS h ON h.ChannelID = m.ChannelID
WHERE
    dateDiff('day', m.Day, h.NewestDay) > 400
    AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID));

-- a history that has grown backwards is judged anew from its new beginning
SELECT
    groupArray(t.ChannelID) AS Restarted, groupArray(t.NewestDay) AS RestartedDays, count() > 0 AS IsRestarted
FROM (
    SELECT m.ChannelID AS ChannelID, greatest(max(m.Day), max(f.NewestDay)) AS NewestDay
    FROM iot.AnomalyMarks AS m
    JOIN iot.AnomalyChannels AS f ON f.ChannelID = m.ChannelID
    LEFT JOIN iot.Channels AS c ON c.ChannelID = m.ChannelID
    WHERE
        (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID))
        AND (c.ArchivedBefore IS NULL OR toDateTime64(m.Day, 6, 'UTC') >= c.ArchivedBefore)
    GROUP BY m.ChannelID
    HAVING min(m.Day) < min(f.FirstDay)
) AS t;

-- if IsRestarted
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Mark)
SELECT g.ChannelID, 17, g.PeriodStart, toUnixTimestamp64Nano(now64(9))
FROM iot.AggregatedData AS g
WHERE
    g.AggregationType = 'DAILY' AND has({Restarted:Array(Int64)}, g.ChannelID)
    AND dateDiff(
        'day', toDate32(g.PeriodStart),
        arrayElement({RestartedDays:Array(Date32)}, indexOf({Restarted:Array(Int64)}, g.ChannelID))
    ) <= 400;

-- if IsRestarted
INSERT INTO iot.Models (ChannelID, Day, FieldNumber, Version, Deleted)
SELECT m.ChannelID, m.Day, m.FieldNumber, toUnixTimestamp64Nano(now64(9)), 1
FROM iot.FieldModels AS m
WHERE has({Restarted:Array(Int64)}, m.ChannelID);

SELECT
    groupArray(t.ChannelID) AS Channels, groupArray(t.Day) AS Days, groupArray(t.Mark) AS Marks,
    groupArray(t.IsDue) AS Dues, coalesce({Judged:Nullable(Int64)}, 0) + countIf(t.IsDue) AS Judged,
    countIf(t.IsDue) > 0 AS IsAny, count() > 0 AS IsRead, count() = 200 AS IsMore,
    minOrNull(t.Day) AS FirstAsked, maxOrNull(t.Day) AS LastAsked, FALSE AS WasOdd, FALSE AS IsOdd,
    FALSE AS IsKnown, FALSE AS IsUnknown, FALSE AS IsChained
FROM (
    SELECT
        m.ChannelID AS ChannelID, m.Day AS Day, m.Mark AS Mark,
        c.ArchivedBefore IS NULL OR toDateTime64(m.Day, 6, 'UTC') >= c.ArchivedBefore AS IsDue
    FROM iot.AnomalyMarks AS m
    LEFT JOIN iot.Channels AS c ON c.ChannelID = m.ChannelID
    WHERE
        m.Day <= toDate32({AsOf:DateTime64(6, 'UTC')})
        AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID))
    ORDER BY ChannelID, Day
    LIMIT 200
) AS t;

SELECT toUnixTimestamp64Nano(now64(9)) AS Version;

-- if IsAny
-- those that lie after the newest day judged so far, and, first, that day itself: all of it has come now
WITH
-- include asked_days
SELECT
    groupArray(c.ChannelID) AS ChainChannels, groupArray(c.Day) AS ChainDays, groupArray(c.IsNew) AS ChainNews,
    count() > 0 AS IsChained, minOrNull(c.Day) AS FirstDay, maxOrNull(c.Day) AS LastDay
FROM (
    SELECT
        a.ChannelID AS ChannelID, any(n.NewestDay) AS BaseDay,
        arrayJoin(arrayConcat(if(BaseDay IS NULL, [], [assumeNotNull(BaseDay)]), groupArray(a.Day))) AS Day,
        Day IS DISTINCT FROM BaseDay AS IsNew
    FROM asked AS a
    LEFT JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID
    WHERE n.NewestDay IS NULL OR a.Day > n.NewestDay
    GROUP BY a.ChannelID
) AS c;

-- if IsChained
-- where a label has taken models back, those of days judged since are made as well; and what people said
SELECT
    arrayConcat({ChainChannels:Array(Int64)}, groupArray(t.ChannelID)) AS ChainChannels,
    arrayConcat({ChainDays:Array(Date32)}, groupArray(t.Day)) AS ChainDays,
    arrayConcat({ChainNews:Array(Bool)}, groupArray(TRUE)) AS ChainNews,
    arrayMax(ChainDays) AS LastDay
FROM (
    SELECT g.ChannelID AS ChannelID, toDate32(g.PeriodStart) AS Day
    FROM iot.AggregatedData AS g
    JOIN iot.AnomalyChannels AS n ON n.ChannelID = g.ChannelID
    WHERE
        g.AggregationType = 'DAILY' AND has({ChainChannels:Array(Int64)}, g.ChannelID)
        AND Day > n.NewestDay AND Day <= n.RewoundFrom
        AND NOT has(arrayZip({ChainChannels:Array(Int64)}, {ChainDays:Array(Date32)}), (g.ChannelID, Day))
) AS t;

-- if IsChained
SELECT
    groupArrayIf(l.ChannelID, IsWrong) AS WrongChannels, groupArrayIf(l.FieldNumber, IsWrong) AS WrongFields,
    groupArrayIf(toUnixTimestamp64Micro(l.StartedAt), IsWrong) AS WrongStarts,
    groupArrayIf(toUnixTimestamp64Micro(assumeNotNull(l.EndedAt)), IsWrong) AS WrongEnds,
    groupArrayIf(l.ChannelID, IsRight) AS RightChannels, groupArrayIf(l.FieldNumber, IsRight) AS RightFields,
    groupArrayIf(toDate32(l.StartedAt), IsRight) AS RightDays,
    groupArrayIf(
        toInt64(indexOf(['VALUE', 'SILENCE', 'FALL', 'DRIFT'], l.Family)), IsRight
    ) AS RightFamilies,
    groupArrayIf(assumeNotNull(l.Low), IsRight) AS RightLows, groupArrayIf(assumeNotNull(l.High), IsRight) AS RightHighs
FROM (
    SELECT
        x.*, x.IsReal AND x.Family IN ('VALUE', 'STUCK', 'DRIFT') AND x.EndedAt IS NOT NULL AS IsWrong,
        NOT x.IsReal AND x.Family <> 'STUCK' AND x.Low IS NOT NULL AS IsRight
    FROM iot.AnomalyLabels AS x
    WHERE has({ChainChannels:Array(Int64)}, x.ChannelID)
) AS l;

-- if IsChained
-- include model_days

-- if IsAny
-- by which day's model each is judged: its own, or, where that is no longer kept, that of the last day before that is,
-- of the same weekday if there is one
WITH
-- include asked_days
SELECT
    groupArray(j.ChannelID) AS JudgedChannels, groupArray(j.Day) AS JudgedDays,
    arrayMap(x -> x.1, groupArray(tuple(j.ModelDay))) AS ModelDays,  -- bare, those that are NULL would be left out
    min(j.Day) AS FirstDay, max(j.Day) AS LastDay, countIf(j.Known > 0) > 0 AS IsKnown, NOT IsKnown AS IsUnknown
FROM (
    SELECT
        a.ChannelID AS ChannelID, a.Day AS Day,
        argMaxIf(
            toNullable(m.Day), (toDayOfWeek(m.Day) = toDayOfWeek(a.Day), m.Day), m.Day <= a.Day
        ) AS ModelDay,
        coalesce(max(m.Days), 0) AS Known
    FROM asked AS a
    LEFT JOIN (
        SELECT o.ChannelID AS ChannelID, o.Day AS Day, max(o.Days) AS Days
        FROM iot.FieldModels AS o
        GROUP BY o.ChannelID, o.Day
    ) AS m ON m.ChannelID = a.ChannelID
    GROUP BY a.ChannelID, a.Day
) AS j;

-- if IsAny
SELECT count() > 0 AS WasOdd
FROM iot.Findings AS f FINAL
WHERE has({Channels:Array(Int64)}, f.ChannelID) AND has({Days:Array(Date32)}, f.Day) AND notEmpty(f.Spells);

-- if WasOdd
-- include unusual_marks
;

-- if IsKnown
-- include judge_days

-- if IsUnknown
-- of nobody's past a day is known yet, so that nothing can be unusual
INSERT INTO iot.Findings (ChannelID, Day, Spells, Version)
SELECT z.1, z.2, [], {Version:UInt64}
FROM (SELECT arrayJoin(arrayZip({JudgedChannels:Array(Int64)}, {JudgedDays:Array(Date32)})) AS z);

-- if IsAny
SELECT count() > 0 AS IsOdd
FROM iot.Findings AS f FINAL
WHERE has({Channels:Array(Int64)}, f.ChannelID) AND has({Days:Array(Date32)}, f.Day) AND notEmpty(f.Spells);

-- if IsOdd
-- include unusual_marks
;

-- if IsChained
-- of the older models the last eight days are kept, and the first week of each month
INSERT INTO iot.Models (ChannelID, Day, FieldNumber, Version, Deleted)
SELECT m.ChannelID, m.Day, m.FieldNumber, {Version:UInt64}, 1
FROM iot.FieldModels AS m
JOIN iot.AnomalyChannels AS n ON n.ChannelID = m.ChannelID
WHERE
    m.Day < n.NewestDay - 8 AND toDayOfMonth(m.Day) > 7 AND m.Day > n.FirstDay
    AND has({ChainChannels:Array(Int64)}, m.ChannelID);

-- if IsRead
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Done)
SELECT z.1, 17, toDateTime64(z.2, 6, 'UTC'), z.3
FROM (SELECT arrayJoin(arrayZip({Channels:Array(Int64)}, {Days:Array(Date32)}, {Marks:Array(Int64)})) AS z);

SELECT {Judged:Int64} AS Days, {IsMore:Bool} AS More;
