-- held_times(channel_id, field_number, starts, hold_seconds, low_value, high_value, is_outside): what a field's values
-- come to in the time from each start to the next, the last of which is the end: how many seconds a value is known (it
-- holds until the next one, at most so long), for how many it lies from low to high, both included (or outside of
-- them), and the mean by time.
WITH
events AS (
    -- of values of one instant the mean; a start says nothing of the value, and cuts the time
    SELECT toUnixTimestamp64Micro(v.At) AS At, toNullable(avg(assumeNotNull(v.Value))) AS Value, CAST(NULL, 'Nullable(Int32)') AS Bucket
    FROM (
        SELECT
            r.CreatedAt AS At,
            toFloat64([
                r.Field# -- each field, comma between
            ][{field_number:Int32}]) AS Value
        FROM iot.CountedReadings AS r
        WHERE
            r.ChannelID = {channel_id:Int64}
            AND r.CreatedAt >= arrayMin({starts:Array(DateTime64(6, 'UTC'))}) - toIntervalSecond({hold_seconds:Int64})
            AND r.CreatedAt < arrayMax({starts:Array(DateTime64(6, 'UTC'))})
    ) AS v
    WHERE v.Value IS NOT NULL
    GROUP BY v.At
    UNION ALL
    SELECT toUnixTimestamp64Micro(s.Start.1), NULL, toNullable(toInt32(s.Start.2) - 1)
    FROM (
        SELECT arrayJoin(arrayZip(
            arraySort({starts:Array(DateTime64(6, 'UTC'))}), arrayEnumerate({starts:Array(DateTime64(6, 'UTC'))})
        )) AS Start
    ) AS s
),
placed AS (
    SELECT
        e.At AS At, e.Value AS Value,
        max(toNullable(e.At)) OVER (
            ORDER BY e.At, isNull(e.Bucket), e.Bucket ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING
        ) AS NextAt,
        count(e.Value) OVER (ORDER BY e.At, isNull(e.Bucket), e.Bucket ROWS UNBOUNDED PRECEDING) AS Known,
        max(e.Bucket) OVER (ORDER BY e.At, isNull(e.Bucket), e.Bucket ROWS UNBOUNDED PRECEDING) AS Bucket
    FROM events AS e
),
held AS (
    SELECT
        p.Bucket AS Bucket, p.At AS At, p.NextAt AS NextAt,
        max(p.Value) OVER (PARTITION BY p.Known) AS Value,
        max(if(p.Value IS NOT NULL, toNullable(p.At), NULL)) OVER (PARTITION BY p.Known)
        + {hold_seconds:Int64} * 1000000 AS HeldTo
    FROM placed AS p
),
timed AS (
    SELECT
        h.Bucket AS Bucket, h.Value AS Value,
        if(h.HeldTo > h.At, least(assumeNotNull(h.NextAt), assumeNotNull(h.HeldTo)) - h.At, 0) / 1000000 AS Seconds
    FROM held AS h
    WHERE h.Bucket IS NOT NULL AND h.NextAt IS NOT NULL
)
SELECT
    toInt32(assumeNotNull(t.Bucket)) AS Bucket, sum(t.Seconds) AS Seconds,
    sumIf(
        t.Seconds,
        (t.Value BETWEEN toFloat64({low_value:Decimal(18, 6)}) AND toFloat64({high_value:Decimal(18, 6)}))
        <> {is_outside:Bool}
    ) AS SecondsInside,
    if(sum(t.Seconds) > 0, sum(t.Value * t.Seconds) / sum(t.Seconds), NULL) AS Mean
FROM timed AS t
WHERE t.Bucket < length({starts:Array(DateTime64(6, 'UTC'))}) - 1
GROUP BY t.Bucket
ORDER BY Bucket;
