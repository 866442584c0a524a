-- usp_BucketsOfDays(channel_id, start_at, end_at, seconds): the days (UTC) that begin in a span, from the aggregates,
-- in buckets of so many seconds, whole days, counted from 1970; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_BucketsOfDays
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Seconds INT = 3600
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        DATEADD(
            SECOND,
            b.BucketSecond % 86400,
            DATEADD(DAY, b.BucketSecond / 86400, CAST('1970-01-01' AS DATETIME2(6)))
        ) AS BucketStart,
        -- each field
        SUM(COALESCE(CAST(g.Field#Sum AS FLOAT), g.Field#Avg * g.Field#Count)) /
        NULLIF(SUM(g.Field#Count), 0) AS Field#Avg,
        MIN(g.Field#Min) AS Field#Min,
        MAX(g.Field#Max) AS Field#Max,
        SUM(g.Field#Count) AS Field#Count,
        -- end
        SUM(g.ReadingCount) AS ReadingCount
    FROM iot.AggregatedData AS g
    CROSS APPLY (
        SELECT DATEDIFF_BIG(SECOND, '1970-01-01', g.PeriodStart) AS AtSecond
    ) AS s
    CROSS APPLY (
        SELECT s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds AS BucketSecond
    ) AS b
    WHERE g.ChannelID = @ChannelID
        AND g.AggregationType = N'DAILY'
        AND (@StartAt IS NULL OR g.PeriodStart >= @StartAt)
        AND (@EndAt IS NULL OR g.PeriodStart < @EndAt)
    GROUP BY b.BucketSecond
    ORDER BY b.BucketSecond
    OPTION (RECOMPILE);
    RETURN 0;
END;
