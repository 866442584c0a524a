-- refresh_quality(channel_ids, as_of): judge the touched days, today, and days judged before they had
-- ended; their rows. No channel ids: all channels. Days after as-of keep their marks. At most 1,000 days a
-- turn, the oldest first; an answer with More, TRUE, asks for another turn. A day that was marked again while it was
-- judged keeps its mark.
SELECT
    coalesce({AsOf:Nullable(DateTime64(6, 'UTC'))}, {as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS AsOf,
    coalesce({BegunAt:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS BegunAt;

SELECT
    groupArray(d.ChannelID) AS Channels, groupArray(d.CheckDate) AS Days, groupArray(d.Mark) AS Marks,
    count() > 0 AS IsAny, count() = 1000 AS IsMore,
    minOrNull(d.CheckDate) AS FirstDay, maxOrNull(d.CheckDate) AS LastDay, argMaxOrNull(d.ChannelID, (d.CheckDate, d.ChannelID)) AS LastChannel
FROM (
    SELECT w.ChannelID AS ChannelID, w.CheckDate AS CheckDate, max(w.Mark) AS Mark
    FROM (
        SELECT m.ChannelID AS ChannelID, toDate32(m.PeriodStart) AS CheckDate, m.Mark AS Mark
        FROM iot.PeriodMarks AS m
        WHERE m.AggregationType = 'QUALITY' AND toDate32(m.PeriodStart) <= toDate32({AsOf:DateTime64(6, 'UTC')})
        UNION ALL
        SELECT c.ChannelID, toDate32({AsOf:DateTime64(6, 'UTC')}), 0 FROM iot.Channels AS c
        UNION ALL
        SELECT q.ChannelID, q.CheckDate, 0
        FROM iot.DataQuality AS q
        WHERE
            q.AsOfTime < toDateTime64(addDays(q.CheckDate, 1), 6, 'UTC') AND q.CheckDate < toDate32({AsOf:DateTime64(6, 'UTC')})
    ) AS w
    JOIN iot.Channels AS c ON c.ChannelID = w.ChannelID
    WHERE
        (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, w.ChannelID))
        AND (c.ArchivedBefore IS NULL OR toDateTime64(w.CheckDate, 6, 'UTC') >= c.ArchivedBefore)
        AND (
            {LastDay:Nullable(Date32)} IS NULL
            OR (w.CheckDate, w.ChannelID) > ({LastDay:Nullable(Date32)}, {LastChannel:Nullable(Int64)})
        )
    GROUP BY w.ChannelID, w.CheckDate
    ORDER BY w.CheckDate, w.ChannelID
    LIMIT 1000
) AS d;

SELECT toUnixTimestamp64Nano(now64(9)) AS Version;

-- if IsAny
INSERT INTO iot.Judgements (
-- include judged_columns
    , Version
)
WITH
{AsOf:DateTime64(6, 'UTC')} AS instant, {FirstDay:Date32} AS asked_from, {LastDay:Date32} AS asked_to,
asked AS (
    SELECT a.1 AS ChannelID, a.2 AS CheckDate
    FROM (SELECT arrayJoin(arrayZip({Channels:Array(Int64)}, {Days:Array(Date32)})) AS a)
),
-- include quality
SELECT
-- include judged_columns
    , {Version:UInt64}
FROM quality;

-- if IsAny
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Done)
SELECT d.1, 3, toDateTime64(d.2, 6, 'UTC'), 'QUALITY', 4, d.3
FROM (
    SELECT arrayJoin(arrayZip({Channels:Array(Int64)}, {Days:Array(Date32)}, {Marks:Array(Int64)})) AS d
)
WHERE d.3 <> 0;

SELECT TRUE AS More WHERE {IsMore:Bool};

SELECT q.*
FROM iot.DataQuality AS q
WHERE
    q.AsOfTime = {AsOf:DateTime64(6, 'UTC')} AND q.CreatedAt >= {BegunAt:DateTime64(6, 'UTC')}
    AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, q.ChannelID))
ORDER BY q.ChannelID, q.CheckDate;
