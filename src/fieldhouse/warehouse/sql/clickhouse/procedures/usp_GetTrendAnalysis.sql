-- usp_GetTrendAnalysis: one field day by day over the last days that are whole as of an instant: how it changed,
-- where it goes. Seven days more are read, so that the first day shown is compared as any other, and the same days a
-- year before; 29 February is compared with the 28th.
CREATE OR REPLACE VIEW iot.usp_GetTrendAnalysis AS
WITH
toDate32(coalesce({AsOfTime:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC'))) AS today,
addDays(today, -least({Days:Int64}, 700000)) AS first_day,
(
    SELECT
        throwIf({FieldNumber:Int64} NOT BETWEEN 1 AND 8, 'ConfigurationError: fields are numbered 1 to 8')
        OR throwIf({Days:Int64} < 0, 'ConfigurationError: the days are 0 or more')
) AS refused,
sourced AS (
    SELECT
        toDate32(r.CreatedAt) AS ReadingDate,
        CASE {FieldNumber:Int64}
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = {ChannelID:Int64}
        AND (
            (
                r.CreatedAt >= toDateTime64(addDays(first_day, -7), 6, 'UTC')
                AND r.CreatedAt < toDateTime64(today, 6, 'UTC')
            )
            OR (
                r.CreatedAt >= toDateTime64(addYears(first_day, -1), 6, 'UTC')
                AND r.CreatedAt < toDateTime64(addDays(addYears(addDays(today, -1), -1), 1), 6, 'UTC')
            )
        )
        AND NOT refused
),
daily AS (
    SELECT
        s.ReadingDate, min(s.Value) AS MinValue, max(s.Value) AS MaxValue, count(s.Value) AS ReadingCount,
        toInt128(sum(s.Value) * 1000000) AS Micros
    FROM sourced AS s
    WHERE s.Value IS NOT NULL
    GROUP BY s.ReadingDate
),
rounded AS (
    -- the average at six decimals, half away from zero, in whole numbers: a float's last digit tells nothing
    SELECT
        d.*,
        (toFloat64(intDiv(d.Micros, 1000000)) + toFloat64(d.Micros % 1000000) / 1e6) / d.ReadingCount AS AvgValue,
        sign(d.Micros) * intDiv(2 * abs(d.Micros) + d.ReadingCount, 2 * d.ReadingCount) AS AvgMicros
    FROM daily AS d
),
compared AS (
    SELECT
        d.*,
        avg(d.AvgValue) OVER (ORDER BY toInt32(d.ReadingDate) RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS Moving,
        lag(toNullable(d.ReadingDate)) OVER (ORDER BY d.ReadingDate) = addDays(d.ReadingDate, -1) AS HasBefore,
        lag(toNullable(d.AvgValue)) OVER (ORDER BY d.ReadingDate) AS AvgBefore,
        lag(toNullable(d.AvgMicros)) OVER (ORDER BY d.ReadingDate) AS MicrosBefore,
        groupArray((d.ReadingDate, d.AvgValue)) OVER (
            ORDER BY toInt32(d.ReadingDate) RANGE BETWEEN 366 PRECEDING AND 365 PRECEDING
        ) AS YearAgo,
        arrayFirstOrNull(x -> x.1 = addYears(d.ReadingDate, -1), YearAgo).2 AS YearAgoAvg
    FROM rounded AS d
)
SELECT
    c.ReadingDate AS ReadingDate, c.AvgValue AS AvgValue, c.MinValue AS MinValue, c.MaxValue AS MaxValue,
    c.ReadingCount AS ReadingCount,
    if(c.HasBefore, c.AvgValue - c.AvgBefore, NULL) AS ChangeFromPrevious,
    c.Moving AS MovingAvg7Day,
    multiIf(
        c.HasBefore IS NULL OR NOT c.HasBefore, NULL,
        c.AvgMicros > c.MicrosBefore, 'Increasing',
        c.AvgMicros < c.MicrosBefore, 'Decreasing',
        'Stable'
    ) AS Trend,
    c.YearAgoAvg AS YearAgoAvg, c.AvgValue - c.YearAgoAvg AS ChangeFromYearAgo
FROM compared AS c
WHERE c.ReadingDate >= first_day
ORDER BY c.ReadingDate;
