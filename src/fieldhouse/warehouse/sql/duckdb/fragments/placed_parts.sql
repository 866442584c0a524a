-- offsets, loose, parts, placed: what a channel's readings come to in a span, in parts each with its place on a wall
-- clock that is some seconds ahead of UTC from each of some instants on. A part is an hour's partial if that lies whole
-- in [start_at, end_at), is not marked and not older than what is archived, and from_hours says so; else a reading.
offsets AS (
    SELECT o.Seconds, o.StartAt, lead(o.StartAt, 1, 'infinity'::TIMESTAMP) OVER (ORDER BY o.StartAt) AS EndAt
    FROM (SELECT unnest($offset_starts::TIMESTAMP[]) AS StartAt, unnest($offset_seconds::INTEGER[]) AS Seconds) AS o
),
loose AS (
    SELECT m.PeriodStart AS HourStart
    FROM iot.PeriodMarks AS m
    WHERE m.ChannelID = $channel_id AND m.AggregationType = 'HOURLY'
    UNION
    SELECT date_trunc('hour', e.CutAt)
    FROM (SELECT unnest([$start_at::TIMESTAMP, $end_at::TIMESTAMP]) AS CutAt) AS e
    WHERE e.CutAt > date_trunc('hour', e.CutAt)
),
parts AS (
    SELECT
        r.CreatedAt AS PartAt,
        -- each field
        r.Field#::DECIMAL(38, 6) AS Field#Sum, r.Field# AS Field#Min, r.Field# AS Field#Max,
        (r.Field# IS NOT NULL)::BIGINT AS Field#Count,
        -- end
        1::BIGINT AS ReadingCount
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
        AND (
            NOT $from_hours::BOOLEAN
            OR date_trunc('hour', r.CreatedAt) IN (SELECT l.HourStart FROM loose AS l)
            OR r.CreatedAt < (SELECT c.ArchivedBefore FROM iot.Channels AS c WHERE c.ChannelID = $channel_id)
        )
    UNION ALL
    SELECT
        g.PeriodStart,
        g.Field#Sum, g.Field#Min, g.Field#Max, g.Field#Count, -- each field
        g.ReadingCount
    FROM iot.AggregatedData AS g
    JOIN iot.Channels AS c ON c.ChannelID = g.ChannelID
    WHERE
        $from_hours::BOOLEAN AND g.ChannelID = $channel_id AND g.AggregationType = 'HOURLY'
        AND ($start_at::TIMESTAMP IS NULL OR g.PeriodStart >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR g.PeriodStart < $end_at::TIMESTAMP)
        AND (c.ArchivedBefore IS NULL OR g.PeriodStart >= c.ArchivedBefore)
        AND g.PeriodStart NOT IN (SELECT l.HourStart FROM loose AS l)
),
placed AS (
    SELECT
        p.* EXCLUDE (PartAt), epoch_us(p.PartAt) + o.Seconds::BIGINT * 1000000 AS Micros, o.Seconds
    FROM parts AS p
    JOIN offsets AS o ON p.PartAt >= o.StartAt AND p.PartAt < o.EndAt
),
