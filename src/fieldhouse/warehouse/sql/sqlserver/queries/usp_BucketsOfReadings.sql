-- usp_BucketsOfReadings(channel_id, start_at, end_at, seconds): the readings of a span that count, archived ones
-- too, in buckets of so many seconds, counted from 1970; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_BucketsOfReadings
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
        CAST(SUM(CAST(r.Field# AS DECIMAL(38, 6))) AS FLOAT) / NULLIF(COUNT_BIG(r.Field#), 0) AS Field#Avg,
        MIN(r.Field#) AS Field#Min,
        MAX(r.Field#) AS Field#Max,
        COUNT_BIG(r.Field#) AS Field#Count,
        -- end
        COUNT_BIG(*) AS ReadingCount
    FROM iot.CountedReadings AS r
    CROSS APPLY (
        SELECT DATEDIFF_BIG(SECOND, '1970-01-01', r.CreatedAt) AS AtSecond
    ) AS s
    CROSS APPLY (
        SELECT s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds AS BucketSecond
    ) AS b
    WHERE r.ChannelID = @ChannelID
        AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
        AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
    GROUP BY b.BucketSecond
    ORDER BY b.BucketSecond
    OPTION (RECOMPILE);
    RETURN 0;
END;
