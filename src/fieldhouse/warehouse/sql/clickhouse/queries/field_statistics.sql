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
        p.* EXCEPT (Micros, Seconds),
        if({by_offset:Bool}, toNullable(p.Seconds), NULL) AS OffsetSeconds,
        if(
            {step_seconds:Nullable(Int64)} IS NULL,
            intDiv(
                toYear(fromUnixTimestamp64Micro(p.Micros, 'UTC')) * 12
                + toMonth(fromUnixTimestamp64Micro(p.Micros, 'UTC'))
                - toYear({origin:DateTime64(6, 'UTC')}) * 12 - toMonth({origin:DateTime64(6, 'UTC')}),
                coalesce({step_months:Nullable(Int64)}, 1)
            ),
            intDiv(
                p.Micros - toUnixTimestamp64Micro({origin:DateTime64(6, 'UTC')}),
                coalesce({step_seconds:Nullable(Int64)}, 1) * 1000000
            )
        ) AS Step
    FROM placed AS p
)
SELECT
    if(
        {step_seconds:Nullable(Int64)} IS NULL,
        addMonths({origin:DateTime64(6, 'UTC')}, c.Step * coalesce({step_months:Nullable(Int64)}, 1)),
        fromUnixTimestamp64Micro(
            toUnixTimestamp64Micro({origin:DateTime64(6, 'UTC')})
            + c.Step * coalesce({step_seconds:Nullable(Int64)}, 1) * 1000000, 'UTC'
        )
    ) AS WallStart,
    c.OffsetSeconds,
    -- each field
    toFloat64(sum(c.Field#Sum)) / nullIf(toFloat64(sum(c.Field#Count)), 0) AS Field#Avg,
    min(c.Field#Min) AS Field#Min, max(c.Field#Max) AS Field#Max,
    toFloat64(sum(c.Field#Sum)) AS Field#Sum, sum(c.Field#Count) AS Field#Count,
    -- end
    sum(c.ReadingCount) AS ReadingCount
FROM counted AS c
GROUP BY c.Step, c.OffsetSeconds
ORDER BY WallStart, c.OffsetSeconds DESC;
