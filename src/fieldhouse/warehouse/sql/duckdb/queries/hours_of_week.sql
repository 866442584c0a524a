-- hours_of_week(channel_id, start_at, end_at, offset_starts, offset_seconds, from_hours): fields by the day of the week
-- and the hour of the day, from the hours' partials where asked; 1 is Monday. The day and the hour are those of a wall
-- clock that is some seconds ahead of UTC from each of some instants on.
WITH
-- include placed_parts
counted AS (
    SELECT
        p.* EXCLUDE (Micros, Seconds),
        date_part('isodow', make_timestamp(p.Micros)) AS Weekday, date_part('hour', make_timestamp(p.Micros)) AS Hour
    FROM placed AS p
)
SELECT
    c.Weekday, c.Hour,
    -- each field
    sum(c.Field#Sum)::DOUBLE / nullif(sum(c.Field#Count), 0)::DOUBLE AS Field#Avg,
    min(c.Field#Min) AS Field#Min, max(c.Field#Max) AS Field#Max,
    sum(c.Field#Sum)::DOUBLE AS Field#Sum, sum(c.Field#Count)::BIGINT AS Field#Count,
    -- end
    sum(c.ReadingCount)::BIGINT AS ReadingCount
FROM counted AS c
GROUP BY c.Weekday, c.Hour
ORDER BY c.Weekday, c.Hour;
