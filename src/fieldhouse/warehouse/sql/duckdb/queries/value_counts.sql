-- value_counts(channel_id, field_number, start_at, end_at, first, width): how many values of a field each bin holds, of
-- the readings that count; bin 0 is [first, first + width), and so on. NULL is open.
WITH
chosen AS (
    SELECT
        CASE $field_number::INTEGER
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
        AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
),
counted AS (
    -- there are far fewer values than readings
    SELECT c.Value, count(*) AS Values FROM chosen AS c
    WHERE c.Value IS NOT NULL
    GROUP BY c.Value
),
scaled AS (
    -- in millionths, so that a value on the edge of two bins is exactly that
    SELECT
        ((c.Value::DECIMAL(38, 6) - $first::DECIMAL(18, 6)) * 1000000)::HUGEINT AS Above,
        ($width::DECIMAL(38, 6) * 1000000)::HUGEINT AS Width,
        c.Values
    FROM counted AS c
)
SELECT
    ((s.Above - ((s.Above % s.Width) + s.Width) % s.Width) // s.Width)::BIGINT AS Bin,
    sum(s.Values)::BIGINT AS Values
FROM scaled AS s
GROUP BY Bin
ORDER BY Bin;
