-- hours_of_week(channel_id, start_at, end_at, offset_starts, offset_seconds, from_hours): fields by the day of the week
-- and the hour of the day, from the hours' partials where asked; 1 is Monday. The day and the hour are those of a wall
-- clock that is some seconds ahead of UTC from each of some instants on.
WITH
-- include placed_parts
counted AS (
    SELECT
        p.* EXCEPT (Micros, Seconds),
        toDayOfWeek(fromUnixTimestamp64Micro(p.Micros, 'UTC')) AS Weekday,
        toHour(fromUnixTimestamp64Micro(p.Micros, 'UTC')) AS Hour
    FROM placed AS p
)
SELECT
    c.Weekday, c.Hour,
    -- each field
    toFloat64(sum(c.Field#Sum)) / nullIf(toFloat64(sum(c.Field#Count)), 0) AS Field#Avg,
    min(c.Field#Min) AS Field#Min, max(c.Field#Max) AS Field#Max,
    toFloat64(sum(c.Field#Sum)) AS Field#Sum, sum(c.Field#Count) AS Field#Count,
    -- end
    sum(c.ReadingCount) AS ReadingCount
FROM counted AS c
GROUP BY c.Weekday, c.Hour
ORDER BY c.Weekday, c.Hour;
