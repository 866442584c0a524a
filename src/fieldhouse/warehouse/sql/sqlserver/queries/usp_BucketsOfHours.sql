-- usp_BucketsOfHours(channel_id, start_at, end_at, seconds): the hours that begin in a span, from the aggregates,
-- in buckets of so many seconds, counted from 1970; NULL is open. The readings of an hour that is marked are read.
CREATE OR ALTER PROCEDURE iot.usp_BucketsOfHours
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Seconds INT = 3600
AS
BEGIN
    SET NOCOUNT ON;
    SELECT m.PeriodStart AS HourStart
    INTO #loose
    FROM iot.PeriodMarks AS m
    WHERE m.ChannelID = @ChannelID
        AND m.AggregationType = N'HOURLY'
        AND (@StartAt IS NULL OR m.PeriodStart >= @StartAt)
        AND (@EndAt IS NULL OR m.PeriodStart < @EndAt);

    WITH parts AS (
        SELECT
            l.HourStart,
            -- each field
            CAST(r.Field# AS FLOAT) AS Field#Sum,
            r.Field# AS Field#Min,
            r.Field# AS Field#Max,
            CASE WHEN r.Field# IS NULL THEN 0 ELSE 1 END AS Field#Count,
            -- end
            1 AS ReadingCount
        FROM #loose AS l
        JOIN iot.CountedReadings AS r
            ON r.ChannelID = @ChannelID
                AND r.CreatedAt >= l.HourStart
                AND r.CreatedAt < DATEADD(HOUR, 1, l.HourStart)
        UNION ALL
        SELECT
            g.PeriodStart,
            -- each field
            COALESCE(CAST(g.Field#Sum AS FLOAT), g.Field#Avg * g.Field#Count),
            g.Field#Min,
            g.Field#Max,
            g.Field#Count,
            -- end
            g.ReadingCount
        FROM iot.AggregatedData AS g
        WHERE g.ChannelID = @ChannelID
            AND g.AggregationType = N'HOURLY'
            AND (@StartAt IS NULL OR g.PeriodStart >= @StartAt)
            AND (@EndAt IS NULL OR g.PeriodStart < @EndAt)
            AND NOT EXISTS (SELECT 1 FROM #loose AS l WHERE l.HourStart = g.PeriodStart)
    )
    SELECT
        DATEADD(
            SECOND,
            b.BucketSecond % 86400,
            DATEADD(DAY, b.BucketSecond / 86400, CAST('1970-01-01' AS DATETIME2(6)))
        ) AS BucketStart,
        -- each field
        SUM(p.Field#Sum) / NULLIF(SUM(CAST(p.Field#Count AS BIGINT)), 0) AS Field#Avg,
        MIN(p.Field#Min) AS Field#Min,
        MAX(p.Field#Max) AS Field#Max,
        SUM(CAST(p.Field#Count AS BIGINT)) AS Field#Count,
        -- end
        SUM(CAST(p.ReadingCount AS BIGINT)) AS ReadingCount
    FROM parts AS p
    CROSS APPLY (
        SELECT DATEDIFF_BIG(SECOND, '1970-01-01', p.HourStart) AS AtSecond
    ) AS s
    CROSS APPLY (
        SELECT s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds AS BucketSecond
    ) AS b
    GROUP BY b.BucketSecond
    ORDER BY b.BucketSecond
    OPTION (RECOMPILE);
    RETURN 0;
END;
