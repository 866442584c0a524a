-- usp_HeldTimes(channel_id, field_number, starts, hold_seconds, low_value, high_value, is_outside): what a field's
-- values come to in the time from each start to the next, the last of which is the end: how many seconds a value is known
-- (it holds until the next one, at most so long), for how many it lies from low to high, both included (or outside of
-- them), and the mean by time.
CREATE OR ALTER PROCEDURE iot.usp_HeldTimes
    @ChannelID INT,
    @FieldNumber INT,
    @Starts NVARCHAR(MAX),
    @HoldSeconds BIGINT,
    @LowValue DECIMAL(18, 6),
    @HighValue DECIMAL(18, 6),
    @IsOutside BIT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(s.value AS DATETIME2(6)) AS StartAt,
        CAST(ROW_NUMBER() OVER (ORDER BY CAST(s.value AS DATETIME2(6))) - 1 AS INT) AS Bucket
    INTO #starts
    FROM OPENJSON(@Starts) AS s;
    DECLARE
        @first DATETIME2(6) = (SELECT DATEADD(SECOND, -@HoldSeconds, MIN(b.StartAt)) FROM #starts AS b),
        @end DATETIME2(6) = (SELECT MAX(b.StartAt) FROM #starts AS b),
        @last INT = (SELECT MAX(b.Bucket) FROM #starts AS b);
    SELECT
        r.CreatedAt AS StartAt,
        CAST(
            CASE @FieldNumber
                WHEN # THEN r.Field# -- each field
            END AS FLOAT
        ) AS Value
    INTO #valued
    FROM iot.CountedReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @first AND r.CreatedAt < @end
    OPTION (RECOMPILE);
    -- of values of one instant the mean; a start says nothing of the value, and cuts the time
    WITH events AS (
        SELECT v.StartAt, AVG(v.Value) AS Value, CAST(NULL AS INT) AS Bucket, 1 AS Part
        FROM #valued AS v
        WHERE v.Value IS NOT NULL
        GROUP BY v.StartAt
        UNION ALL
        SELECT b.StartAt, NULL, b.Bucket, 0 FROM #starts AS b
    ),
    placed AS (
        SELECT
            e.StartAt,
            e.Value,
            LEAD(e.StartAt) OVER (ORDER BY e.StartAt, e.Part, e.Bucket) AS NextAt,
            COUNT(e.Value) OVER (ORDER BY e.StartAt, e.Part, e.Bucket ROWS UNBOUNDED PRECEDING) AS Known,
            MAX(e.Bucket) OVER (ORDER BY e.StartAt, e.Part, e.Bucket ROWS UNBOUNDED PRECEDING) AS Bucket
        FROM events AS e
    ),
    held AS (
        SELECT
            p.Bucket,
            p.StartAt,
            p.NextAt,
            MAX(p.Value) OVER (PARTITION BY p.Known) AS Value,
            DATEADD(
                SECOND,
                @HoldSeconds,
                MAX(CASE WHEN p.Value IS NOT NULL THEN p.StartAt END) OVER (PARTITION BY p.Known)
            ) AS HeldTo
        FROM placed AS p
    ),
    timed AS (
        SELECT
            h.Bucket,
            h.Value,
            CASE
                WHEN h.HeldTo > h.StartAt THEN DATEDIFF_BIG(
                    MICROSECOND,
                    h.StartAt,
                    CASE WHEN h.NextAt < h.HeldTo THEN h.NextAt ELSE h.HeldTo END
                ) /
                1000000E0
                ELSE 0E0
            END AS Seconds
        FROM held AS h
        WHERE h.Bucket IS NOT NULL AND h.NextAt IS NOT NULL
    )
    SELECT
        t.Bucket,
        SUM(t.Seconds) AS Seconds,
        SUM(
            CASE
                WHEN @IsOutside = 0
                AND t.Value >= CAST(@LowValue AS FLOAT)
                AND t.Value <= CAST(@HighValue AS FLOAT) THEN t.Seconds
                WHEN @IsOutside = 1
                AND (t.Value < CAST(@LowValue AS FLOAT) OR t.Value > CAST(@HighValue AS FLOAT)) THEN t.Seconds
                ELSE 0E0
            END
        ) AS SecondsInside,
        SUM(t.Value * t.Seconds) / NULLIF(SUM(t.Seconds), 0) AS Mean
    FROM timed AS t
    WHERE t.Bucket < @last
    GROUP BY t.Bucket
    ORDER BY t.Bucket;
    RETURN 0;
END;
