-- usp_GetTrendAnalysis: one field day by day over the last days that are whole as of an instant: how it changed,
-- where it goes. Seven days more are read, so that the first day shown is compared as any other, and the same days a
-- year before; 29 February is compared with the 28th.
CREATE OR REPLACE MACRO iot.usp_GetTrendAnalysis(ChannelID, FieldNumber, Days := 30, AsOfTime := NULL) AS TABLE
WITH
instant AS (
    SELECT CASE
        WHEN FieldNumber NOT BETWEEN 1 AND 8 THEN error('ConfigurationError: fields are numbered 1 to 8')
        WHEN Days < 0 THEN error('ConfigurationError: the days are 0 or more')
        ELSE coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now())))
    END::DATE AS Today
),
shown AS (
    SELECT
        i.Today, (i.Today - to_days(least(Days, 700000)::INTEGER))::DATE AS FirstDay,
        (FirstDay - INTERVAL 1 YEAR)::DATE AS FirstYearAgo,
        least((i.Today - 1 - INTERVAL 1 YEAR)::DATE + 1, FirstDay - 7) AS EndYearAgo
    FROM instant AS i
),
chosen AS (
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT h.FirstDay FROM shown AS h) - INTERVAL 7 DAY
        AND r.CreatedAt < (SELECT h.Today FROM shown AS h)
    UNION ALL
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT h.FirstYearAgo FROM shown AS h)
        AND r.CreatedAt < (SELECT h.EndYearAgo FROM shown AS h)
),
sourced AS (
    SELECT
        r.CreatedAt::DATE AS ReadingDate,
        CASE FieldNumber
            WHEN # THEN r.Field# -- each field
        END AS Value
    FROM chosen AS r
),
daily AS (
    SELECT
        s.ReadingDate, avg(s.Value) AS AvgValue, min(s.Value) AS MinValue, max(s.Value) AS MaxValue,
        count(s.Value) AS ReadingCount, (sum(s.Value) * 1000000)::HUGEINT AS Micros
    FROM sourced AS s
    WHERE s.Value IS NOT NULL
    GROUP BY s.ReadingDate
),
rounded AS (
    -- the average at six decimals, half away from zero, in whole numbers: a float's last digit tells nothing
    SELECT
        d.*,
        sign(d.Micros) * ((2 * abs(d.Micros) + d.ReadingCount) // (2 * d.ReadingCount)) AS AvgMicros
    FROM daily AS d
),
compared AS (
    SELECT
        d.*, b.AvgValue AS AvgBefore, b.AvgMicros AS MicrosBefore, y.AvgValue AS YearAgoAvg,
        avg(d.AvgValue) OVER (ORDER BY d.ReadingDate RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW)
            AS MovingAvg7Day
    FROM rounded AS d
    LEFT JOIN rounded AS b ON b.ReadingDate = d.ReadingDate - 1
    LEFT JOIN rounded AS y ON y.ReadingDate = (d.ReadingDate - INTERVAL 1 YEAR)::DATE
)
SELECT
    c.ReadingDate, c.AvgValue, c.MinValue, c.MaxValue, c.ReadingCount,
    c.AvgValue - c.AvgBefore AS ChangeFromPrevious,
    c.MovingAvg7Day,
    CASE
        WHEN c.AvgMicros > c.MicrosBefore THEN 'Increasing'
        WHEN c.AvgMicros < c.MicrosBefore THEN 'Decreasing'
        WHEN c.MicrosBefore IS NOT NULL THEN 'Stable'
    END AS Trend,
    c.YearAgoAvg, c.AvgValue - c.YearAgoAvg AS ChangeFromYearAgo
FROM compared AS c
WHERE c.ReadingDate >= (SELECT h.FirstDay FROM shown AS h)
ORDER BY c.ReadingDate;
