-- loose, parts, placed: what a channel's readings come to in a span, in parts each with its place on a wall clock that
-- is some seconds ahead of UTC from each of some instants on. A part is an hour's partial if that lies whole in
-- [start_at, end_at), is not marked and not older than what is archived, and from_hours says so; else a reading.
arraySort(arrayZip({offset_starts:Array(DateTime64(6, 'UTC'))}, {offset_seconds:Array(Int64)})) AS offsets,
(SELECT max(c.ArchivedBefore) FROM iot.Channels AS c WHERE c.ChannelID = {channel_id:Int64}) AS archived_before,
loose AS (
    SELECT m.PeriodStart AS HourStart
    FROM iot.PeriodMarks AS m
    WHERE m.ChannelID = {channel_id:Int64} AND m.AggregationType = 'HOURLY'
    UNION DISTINCT
    SELECT toStartOfHour(e.CutAt)
    FROM (
        SELECT assumeNotNull(arrayJoin([{start_at:Nullable(DateTime64(6, 'UTC'))}, {end_at:Nullable(DateTime64(6, 'UTC'))}]) AS Cut) AS CutAt
        WHERE Cut IS NOT NULL
    ) AS e
    WHERE e.CutAt > toStartOfHour(e.CutAt)
),
parts AS (
    SELECT
        r.CreatedAt AS PartAt,
        -- each field
        toDecimal128(r.Field#, 6) AS Field#Sum, r.Field# AS Field#Min, r.Field# AS Field#Max,
        toInt64(r.Field# IS NOT NULL) AS Field#Count,
        -- end
        toInt64(1) AS ReadingCount
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64}
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
        AND (
            NOT {from_hours:Bool}
            OR toStartOfHour(r.CreatedAt) IN (SELECT l.HourStart FROM loose AS l)
            OR r.CreatedAt < archived_before
        )
    UNION ALL
    SELECT
        g.PeriodStart,
        g.Field#Sum, g.Field#Min, g.Field#Max, g.Field#Count, -- each field
        g.ReadingCount
    FROM iot.AggregatedData AS g
    WHERE
        {from_hours:Bool} AND g.ChannelID = {channel_id:Int64} AND g.AggregationType = 'HOURLY'
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart < {end_at:Nullable(DateTime64(6, 'UTC'))})
        AND (archived_before IS NULL OR g.PeriodStart >= archived_before)
        AND g.PeriodStart NOT IN (SELECT l.HourStart FROM loose AS l)
),
placed AS (
    SELECT
        o.* EXCEPT (PartAt, Place), offsets[o.Place].2 AS Seconds,
        toUnixTimestamp64Micro(o.PartAt) + offsets[o.Place].2 * 1000000 AS Micros
    FROM (
        SELECT p.*, arrayCount(f -> f.1 <= p.PartAt, offsets) AS Place FROM parts AS p
    ) AS o
    WHERE o.Place > 0
),
