-- held_times(channel_id, field_number, starts, hold_seconds, low_value, high_value, is_outside): what a field's values
-- come to in the time from each start to the next, the last of which is the end: how many seconds a value is known (it
-- holds until the next one, at most so long), for how many it lies from low to high, both included (or outside of
-- them), and the mean by time.
WITH
events AS (
    -- of values of one instant the mean; a start says nothing of the value, and cuts the time
    SELECT v.At, avg(v.Value) AS Value, NULL::INTEGER AS Bucket
    FROM (
        SELECT
            r.CreatedAt AS At,
            CASE $field_number::INTEGER
                WHEN # THEN r.Field# -- each field
            END::DOUBLE AS Value
        FROM iot.CountedReadings AS r
        WHERE
            r.ChannelID = $channel_id
            AND r.CreatedAt >= list_min($starts::TIMESTAMP[]) - to_seconds($hold_seconds)
            AND r.CreatedAt < list_max($starts::TIMESTAMP[])
    ) AS v
    WHERE v.Value IS NOT NULL
    GROUP BY v.At
    UNION ALL
    SELECT s.At, NULL, row_number() OVER (ORDER BY s.At) - 1
    FROM (SELECT unnest($starts::TIMESTAMP[]) AS At) AS s
),
placed AS (
    SELECT
        e.At, e.Value,
        lead(e.At) OVER (ORDER BY e.At, e.Bucket NULLS LAST) AS NextAt,
        count(e.Value) OVER (ORDER BY e.At, e.Bucket NULLS LAST ROWS UNBOUNDED PRECEDING) AS Known,
        max(e.Bucket) OVER (ORDER BY e.At, e.Bucket NULLS LAST ROWS UNBOUNDED PRECEDING) AS Bucket
    FROM events AS e
),
held AS (
    SELECT
        p.Bucket, p.At, p.NextAt,
        max(p.Value) OVER (PARTITION BY p.Known) AS Value,
        max(CASE WHEN p.Value IS NOT NULL THEN p.At END) OVER (PARTITION BY p.Known)
        + to_seconds($hold_seconds) AS HeldTo
    FROM placed AS p
),
timed AS (
    SELECT
        h.Bucket, h.Value,
        CASE WHEN h.HeldTo > h.At THEN epoch_us(least(h.NextAt, h.HeldTo)) - epoch_us(h.At) ELSE 0 END / 1e6 AS Seconds
    FROM held AS h
    WHERE h.Bucket IS NOT NULL AND h.NextAt IS NOT NULL
)
SELECT
    t.Bucket, sum(t.Seconds) AS Seconds,
    sum(
        CASE
            WHEN (t.Value BETWEEN $low_value::DOUBLE AND $high_value::DOUBLE) <> $is_outside THEN t.Seconds
            ELSE 0
        END
    ) AS SecondsInside,
    CASE WHEN sum(t.Seconds) > 0 THEN sum(t.Value * t.Seconds) / sum(t.Seconds) END AS Mean
FROM timed AS t
WHERE t.Bucket < len($starts::TIMESTAMP[]) - 1
GROUP BY t.Bucket
ORDER BY t.Bucket;
