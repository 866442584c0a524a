-- usp_GetTrendAnalysis: one field day by day over [as-of - days, as-of): how it changed, where it goes.
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
    IF @Days <= DATEDIFF(DAY, @from, @a)
        SET @from = DATEADD(DAY, -@Days, @a);

    SELECT
        CAST(r.CreatedAt AS DATE) AS ReadingDate,
        -- no text is put together, so that a right to execute is all one needs
        CASE @FieldNumber
            WHEN 1 THEN r.Field1
            WHEN 2 THEN r.Field2
            WHEN 3 THEN r.Field3
            WHEN 4 THEN r.Field4
            WHEN 5 THEN r.Field5
            WHEN 6 THEN r.Field6
            WHEN 7 THEN r.Field7
            WHEN 8 THEN r.Field8
        END AS Value
    INTO #sourced
    FROM iot.CurrentReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @from AND r.CreatedAt < @a;

    SELECT
        s.ReadingDate,
        CAST(SUM(CAST(s.Value AS DECIMAL(38, 6))) AS FLOAT) / COUNT_BIG(s.Value) AS AvgValue,
        MIN(s.Value) AS MinValue,
        MAX(s.Value) AS MaxValue,
        COUNT_BIG(s.Value) AS ReadingCount
    INTO #daily
    FROM #sourced AS s
    WHERE s.Value IS NOT NULL
    GROUP BY s.ReadingDate;

    SELECT
        d.ReadingDate,
        d.AvgValue,
        d.MinValue,
        d.MaxValue,
        d.ReadingCount,
        d.AvgValue - b.AvgValue AS ChangeFromPrevious,
        w.MovingAvg7Day,
        CASE
            WHEN ROUND(d.AvgValue, 6) > ROUND(b.AvgValue, 6) THEN N'Increasing'
            WHEN ROUND(d.AvgValue, 6) < ROUND(b.AvgValue, 6) THEN N'Decreasing'
            WHEN b.AvgValue IS NOT NULL THEN N'Stable'
        END AS Trend
    FROM #daily AS d
    LEFT JOIN #daily AS b ON DATEDIFF(DAY, b.ReadingDate, d.ReadingDate) = 1
    CROSS APPLY (
        SELECT AVG(x.AvgValue) AS MovingAvg7Day
        FROM #daily AS x
        WHERE DATEDIFF(DAY, x.ReadingDate, d.ReadingDate) BETWEEN 0 AND 6
    ) AS w
    ORDER BY d.ReadingDate;
    RETURN 0;
END;
