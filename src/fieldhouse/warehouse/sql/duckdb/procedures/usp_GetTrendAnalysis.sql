-- usp_GetTrendAnalysis: one field day by day over [as-of - days, as-of): how it changed, where it goes.
CREATE OR REPLACE MACRO iot.usp_GetTrendAnalysis(ChannelID, FieldNumber, Days := 30, AsOfTime := NULL) AS TABLE
WITH
instant AS (
    SELECT CASE
        WHEN FieldNumber NOT BETWEEN 1 AND 8 THEN error('ConfigurationError: fields are numbered 1 to 8')
        ELSE coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now())))
    END::TIMESTAMP AS A
),
sourced AS (
    SELECT
        r.CreatedAt::DATE AS ReadingDate,
        CASE FieldNumber
            WHEN 1 THEN r.Field1
            WHEN 2 THEN r.Field2
            WHEN 3 THEN r.Field3
            WHEN 4 THEN r.Field4
            WHEN 5 THEN r.Field5
            WHEN 6 THEN r.Field6
            WHEN 7 THEN r.Field7
            WHEN 8 THEN r.Field8
        END AS Value
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT i.A FROM instant AS i) - to_days(Days::INTEGER)
        AND r.CreatedAt < (SELECT i.A FROM instant AS i)
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
        d.*, b.AvgValue AS AvgBefore, b.AvgMicros AS MicrosBefore,
        avg(d.AvgValue) OVER (ORDER BY d.ReadingDate RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW)
            AS MovingAvg7Day
    FROM rounded AS d
    LEFT JOIN rounded AS b ON b.ReadingDate = d.ReadingDate - 1
)
SELECT
    c.ReadingDate, c.AvgValue, c.MinValue, c.MaxValue, c.ReadingCount,
    c.AvgValue - c.AvgBefore AS ChangeFromPrevious,
    c.MovingAvg7Day,
    CASE
        WHEN c.AvgMicros > c.MicrosBefore THEN 'Increasing'
        WHEN c.AvgMicros < c.MicrosBefore THEN 'Decreasing'
        WHEN c.MicrosBefore IS NOT NULL THEN 'Stable'
    END AS Trend
FROM compared AS c
ORDER BY c.ReadingDate;
