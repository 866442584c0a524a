-- value_counts(channel_id, field_number, start_at, end_at, first, width): how many values of a field each bin holds, of
-- the readings that count; bin 0 is [first, first + width), and so on. NULL is open.
WITH
chosen AS (
    SELECT
        CASE {field_number:Int64}
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM iot.CountedReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64}
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
),
counted AS (
    -- there are far fewer values than readings
    SELECT assumeNotNull(c.Value) AS Value, count() AS Values FROM chosen AS c
    WHERE c.Value IS NOT NULL
    GROUP BY c.Value
),
scaled AS (
    -- in millionths, so that a value on the edge of two bins is exactly that
    SELECT
        toInt128((toDecimal128(c.Value, 6) - {first:Decimal(18, 6)}) * 1000000) AS Above,
        toInt128(toDecimal128({width:Decimal(18, 6)}, 6) * 1000000) AS Width,
        c.Values
    FROM counted AS c
)
SELECT
    toInt64(intDiv(s.Above - positiveModulo(s.Above, s.Width), s.Width)) AS Bin,
    sum(s.Values) AS Values
FROM scaled AS s
GROUP BY Bin
ORDER BY Bin;
