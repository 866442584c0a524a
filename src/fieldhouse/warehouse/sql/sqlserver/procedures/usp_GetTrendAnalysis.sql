-- usp_GetTrendAnalysis: one field day by day over the last days that are whole as of an instant: how it changed,
-- where it goes. Seven days more are read, so that the first day shown is compared as any other, and the same days a
-- year before; 29 February is compared with the 28th.
CREATE OR ALTER PROCEDURE iot.usp_GetTrendAnalysis
    @ChannelID INT,
    @FieldNumber INT,
    @Days INT = 30,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    -- include check_field
    IF @Days IS NULL OR @Days < 0
        THROW 51001, N'the days are 0 or more', 1;
    DECLARE @today DATE = CAST(@a AS DATE), @first DATE = '0001-01-01';
    IF @Days <= DATEDIFF(DAY, @first, @today)
        SET @first = DATEADD(DAY, -@Days, @today);
    IF DATEDIFF(DAY, @from, @first) >= 7
        SET @from = DATEADD(DAY, -7, CAST(@first AS DATETIME2(6)));
    SET @a = @today;
    -- the first year has none before it
    DECLARE @yearAgo DATETIME2(6) = '0001-01-01', @endYearAgo DATETIME2(6) = '0001-01-01';
    IF YEAR(@first) > 1
        SET @yearAgo = DATEADD(YEAR, -1, @first);
    IF YEAR(@today) > 2
        SET @endYearAgo = DATEADD(DAY, 1, DATEADD(YEAR, -1, DATEADD(DAY, -1, @today)));
    IF @endYearAgo > @from
        SET @endYearAgo = @from;

    SELECT
        CAST(r.CreatedAt AS DATE) AS ReadingDate,
        -- no text is put together, so that a right to execute is all one needs
        CASE @FieldNumber
            WHEN # THEN r.Field# -- each field
        END AS Value
    INTO #sourced
    FROM (VALUES
        (@from, @a),
        (@yearAgo, @endYearAgo)
    ) AS s (StartAt, EndAt)
    JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = @ChannelID AND r.CreatedAt >= s.StartAt AND r.CreatedAt < s.EndAt
    -- the bounds as they are, not as they might be: a guess would read the whole table
    OPTION (RECOMPILE);

    SELECT
        s.ReadingDate,
        CAST(SUM(CAST(s.Value AS DECIMAL(38, 6))) AS FLOAT) / COUNT_BIG(s.Value) AS AvgValue,
        MIN(s.Value) AS MinValue,
        MAX(s.Value) AS MaxValue,
        COUNT_BIG(s.Value) AS ReadingCount,
        CAST(SUM(CAST(s.Value AS DECIMAL(38, 6))) * 1000000 AS DECIMAL(38, 0)) AS Micros
    INTO #daily
    FROM #sourced AS s
    WHERE s.Value IS NOT NULL
    GROUP BY s.ReadingDate;

    -- the average at six decimals, half away from zero, in whole numbers: a float's last digit tells nothing
    SELECT
        d.ReadingDate,
        CASE WHEN d.Micros < 0 THEN -1 ELSE 1 END * (h.Halves - h.Halves % h.Divisor) / h.Divisor AS AvgMicros
    INTO #rounded
    FROM #daily AS d
    CROSS APPLY (
        SELECT
            2 * ABS(d.Micros) + d.ReadingCount AS Halves,
            CAST(2 * d.ReadingCount AS DECIMAL(38, 0)) AS Divisor
    ) AS h;

    SELECT
        d.ReadingDate,
        d.AvgValue,
        d.MinValue,
        d.MaxValue,
        d.ReadingCount,
        d.AvgValue - b.AvgValue AS ChangeFromPrevious,
        w.MovingAvg7Day,
        CASE
            WHEN r.AvgMicros > e.AvgMicros THEN N'Increasing'
            WHEN r.AvgMicros < e.AvgMicros THEN N'Decreasing'
            WHEN e.AvgMicros IS NOT NULL THEN N'Stable'
        END AS Trend,
        y.AvgValue AS YearAgoAvg,
        d.AvgValue - y.AvgValue AS ChangeFromYearAgo
    FROM #daily AS d
    JOIN #rounded AS r ON r.ReadingDate = d.ReadingDate
    LEFT JOIN #daily AS b ON DATEDIFF(DAY, b.ReadingDate, d.ReadingDate) = 1
    LEFT JOIN #rounded AS e ON e.ReadingDate = b.ReadingDate
    LEFT JOIN #daily AS y
        ON y.ReadingDate = CASE WHEN YEAR(d.ReadingDate) > 1 THEN DATEADD(YEAR, -1, d.ReadingDate) END
    CROSS APPLY (
        SELECT AVG(x.AvgValue) AS MovingAvg7Day
        FROM #daily AS x
        WHERE DATEDIFF(DAY, x.ReadingDate, d.ReadingDate) BETWEEN 0 AND 6
    ) AS w
    WHERE d.ReadingDate >= @first
    ORDER BY d.ReadingDate;
    RETURN 0;
END;
