-- usp_Sparklines(channel_ids, start_at, end_at, seconds): several channels' hours that begin in a span, from the
-- aggregates, in buckets of so many seconds, counted from 1970.
CREATE OR ALTER PROCEDURE iot.usp_Sparklines
    @ChannelIDs NVARCHAR(MAX),
    @StartAt DATETIME2(6),
    @EndAt DATETIME2(6),
    @Seconds INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        g.ChannelID,
        DATEADD(
            SECOND,
            b.BucketSecond % 86400,
            DATEADD(DAY, b.BucketSecond / 86400, CAST('1970-01-01' AS DATETIME2(6)))
        ) AS BucketStart,
        -- each field
        SUM(g.Field#Avg * g.Field#Count) / NULLIF(SUM(g.Field#Count), 0) AS Field#Avg,
        -- end
        SUM(g.ReadingCount) AS ReadingCount
    FROM iot.AggregatedData AS g
    CROSS APPLY (
        SELECT DATEDIFF_BIG(SECOND, '1970-01-01', g.PeriodStart) AS AtSecond
    ) AS s
    CROSS APPLY (
        SELECT s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds AS BucketSecond
    ) AS b
    WHERE g.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        AND g.AggregationType = N'HOURLY'
        AND g.PeriodStart >= @StartAt
        AND g.PeriodStart < @EndAt
    GROUP BY g.ChannelID, b.BucketSecond
    ORDER BY g.ChannelID, b.BucketSecond
    OPTION (RECOMPILE);
    RETURN 0;
END;
