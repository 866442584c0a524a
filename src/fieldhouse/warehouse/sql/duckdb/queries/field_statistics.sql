-- field_statistics(channel_id, start_at, end_at, step_seconds, step_months, origin, offset_starts, offset_seconds,
-- by_offset, from_hours): fields over periods of any length on a wall clock, from the hours' partials where asked.
-- A period is told by its begin on the wall clock, counted in steps from the origin, before which there is no
-- reading; the clock is some seconds ahead of UTC from each of some instants on, and with by_offset an hour that
-- comes twice is two. An hour's partial serves if it lies whole in [start_at, end_at), is not marked and not older
-- than what is archived; the readings of all others are read.
WITH
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
        p.* EXCLUDE (PartAt), epoch_us(p.PartAt) + o.Seconds::BIGINT * 1000000 AS Micros,
        CASE WHEN $by_offset::BOOLEAN THEN o.Seconds END AS OffsetSeconds
    FROM parts AS p
    JOIN offsets AS o ON p.PartAt >= o.StartAt AND p.PartAt < o.EndAt
),
counted AS (
    SELECT
        p.* EXCLUDE (Micros),
        CASE WHEN $step_seconds::BIGINT IS NULL
            THEN (
                date_part('year', make_timestamp(p.Micros)) * 12 + date_part('month', make_timestamp(p.Micros))
                - date_part('year', $origin::TIMESTAMP) * 12 - date_part('month', $origin::TIMESTAMP)
            ) // $step_months::INTEGER
            ELSE (p.Micros - epoch_us($origin::TIMESTAMP)) // ($step_seconds::BIGINT * 1000000)
        END AS Step
    FROM placed AS p
)
SELECT
    CASE WHEN $step_seconds::BIGINT IS NULL
        THEN $origin::TIMESTAMP + to_months((c.Step * $step_months::INTEGER)::INTEGER)
        ELSE make_timestamp(epoch_us($origin::TIMESTAMP) + c.Step * $step_seconds::BIGINT * 1000000)
    END AS WallStart,
    c.OffsetSeconds,
    -- each field
    sum(c.Field#Sum)::DOUBLE / nullif(sum(c.Field#Count), 0)::DOUBLE AS Field#Avg,
    min(c.Field#Min) AS Field#Min, max(c.Field#Max) AS Field#Max,
    sum(c.Field#Sum)::DOUBLE AS Field#Sum, sum(c.Field#Count)::BIGINT AS Field#Count,
    -- end
    sum(c.ReadingCount)::BIGINT AS ReadingCount
FROM counted AS c
GROUP BY c.Step, c.OffsetSeconds
ORDER BY WallStart, c.OffsetSeconds DESC;
