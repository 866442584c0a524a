-- field_statistics(channel_id, start_at, end_at, step_seconds, step_months, origin, offset_starts, offset_seconds,
-- by_offset, from_hours): fields over periods of any length on a wall clock, from the hours' partials where asked.
-- A period is told by its begin on the wall clock, counted in steps from the origin, before which there is no
-- reading; the clock is some seconds ahead of UTC from each of some instants on, and with by_offset an hour that
-- comes twice is two. An hour's partial serves if it lies whole in [start_at, end_at), is not marked and not older
-- than what is archived; the readings of all others are read.
WITH
-- include placed_parts
counted AS (
    SELECT
        p.* EXCLUDE (Micros, Seconds),
        CASE WHEN $by_offset::BOOLEAN THEN p.Seconds END AS OffsetSeconds,
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
