-- usp_MediansOfBuckets(channel_id, start_at, end_at, seconds): each field's median in buckets of so many seconds,
-- counted from 1970, of the readings that count; an even count's is the mean of the two in the middle; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_MediansOfBuckets
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Seconds INT
AS
BEGIN
    SET NOCOUNT ON;
    WITH placed AS (
        SELECT
            s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds AS BucketSecond,
            r.Field# -- each field, comma between
        FROM iot.CountedReadings AS r
        CROSS APPLY (
            SELECT DATEDIFF_BIG(SECOND, '1970-01-01', r.CreatedAt) AS AtSecond
        ) AS s
        WHERE r.ChannelID = @ChannelID
            AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
            AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
    ),
    valued AS (
        SELECT
            p.BucketSecond,
            n.Field,
            CASE n.Field
                -- each field
                WHEN # THEN p.Field#
                -- end
            END AS Value
        FROM placed AS p
        CROSS JOIN (VALUES
            (1),
            (2),
            (3),
            (4),
            (5),
            (6),
            (7),
            (8)
        ) AS n (Field)
    ),
    -- a value's place among those of its field and bucket, of how many: NULL has none
    ordered AS (
        SELECT
            v.BucketSecond,
            v.Field,
            v.Value,
            ROW_NUMBER() OVER (PARTITION BY v.BucketSecond, v.Field ORDER BY v.Value) AS Place,
            COUNT_BIG(*) OVER (PARTITION BY v.BucketSecond, v.Field) AS Places
        FROM valued AS v
        WHERE v.Value IS NOT NULL
    ),
    medians AS (
        SELECT v.BucketSecond, v.Field, AVG(CAST(v.Value AS FLOAT)) AS Median
        FROM ordered AS v
        WHERE v.Place IN ((v.Places + 1) / 2, (v.Places + 2) / 2)
        GROUP BY v.BucketSecond, v.Field
    ),
    counted AS (
        SELECT p.BucketSecond, COUNT_BIG(*) AS ReadingCount FROM placed AS p GROUP BY p.BucketSecond
    )
    SELECT
        DATEADD(
            SECOND,
            c.BucketSecond % 86400,
            DATEADD(DAY, c.BucketSecond / 86400, CAST('1970-01-01' AS DATETIME2(6)))
        ) AS BucketStart,
        MAX(CASE WHEN m.Field = # THEN m.Median END) AS Field#Median, -- each field
        c.ReadingCount
    FROM counted AS c
    LEFT JOIN medians AS m ON m.BucketSecond = c.BucketSecond
    GROUP BY c.BucketSecond, c.ReadingCount
    ORDER BY c.BucketSecond
    OPTION (RECOMPILE);
    RETURN 0;
END;
