-- usp_FieldStatistics(channel_id, start_at, end_at, step_seconds, step_months, origin, offset_starts, offset_seconds,
-- by_offset, from_hours): fields over periods of any length on a wall clock, from the hours' partials where asked.
-- A period is told by its begin on the wall clock, counted in steps from the origin, before which there is no
-- reading; the clock is some seconds ahead of UTC from each of some instants on, and with by_offset an hour that
-- comes twice is two. An hour's partial serves if it lies whole in [start_at, end_at), is not marked and not older
-- than what is archived; the readings of all others are read.
CREATE OR ALTER PROCEDURE iot.usp_FieldStatistics
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @StepSeconds BIGINT = NULL,
    @StepMonths INT = NULL,
    @Origin DATETIME2(6),
    @OffsetStarts NVARCHAR(MAX),
    @OffsetSeconds NVARCHAR(MAX),
    @ByOffset BIT,
    @FromHours BIT
AS
BEGIN
    SET NOCOUNT ON;
    -- include clock_tables
    WITH parts AS (
        SELECT
            r.CreatedAt AS PartAt,
            -- each field
            CAST(r.Field# AS DECIMAL(38, 6)) AS Field#Sum,
            r.Field# AS Field#Min,
            r.Field# AS Field#Max,
            CASE WHEN r.Field# IS NULL THEN 0 ELSE 1 END AS Field#Count,
            -- end
            1 AS ReadingCount
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID
            AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
            AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
            AND (
                @FromHours = 0
                OR r.CreatedAt < @archived
                OR EXISTS (
                    SELECT 1
                    FROM #loose AS l
                    WHERE r.CreatedAt >= l.HourStart AND r.CreatedAt < DATEADD(HOUR, 1, l.HourStart)
                )
            )
        UNION ALL
        SELECT
            g.PeriodStart,
            -- each field
            g.Field#Sum,
            g.Field#Min,
            g.Field#Max,
            g.Field#Count,
            -- end
            g.ReadingCount
        FROM iot.AggregatedData AS g
        WHERE @FromHours = 1
            AND g.ChannelID = @ChannelID
            AND g.AggregationType = N'HOURLY'
            AND (@StartAt IS NULL OR g.PeriodStart >= @StartAt)
            AND (@EndAt IS NULL OR g.PeriodStart < @EndAt)
            AND (@archived IS NULL OR g.PeriodStart >= @archived)
            AND NOT EXISTS (SELECT 1 FROM #loose AS l WHERE l.HourStart = g.PeriodStart)
    ),
    placed AS (
        SELECT
            p.*,
            CASE WHEN @ByOffset = 1 THEN o.Seconds END AS OffsetSeconds,
            DATEADD(SECOND, o.Seconds, p.PartAt) AS WallAt
        FROM parts AS p
        JOIN #offsets AS o ON p.PartAt >= o.StartAt AND (o.EndAt IS NULL OR p.PartAt < o.EndAt)
    ),
    counted AS (
        SELECT
            p.*,
            CASE
                WHEN @StepSeconds IS NULL THEN DATEDIFF(MONTH, @Origin, p.WallAt) / @StepMonths
                ELSE DATEDIFF_BIG(SECOND, @Origin, p.WallAt) / @StepSeconds
            END AS Step
        FROM placed AS p
    )
    SELECT
        c.Step,
        c.OffsetSeconds,
        -- each field
        CAST(SUM(c.Field#Sum) AS DECIMAL(38, 6)) AS Field#Sum,
        CAST(MIN(c.Field#Min) AS DECIMAL(18, 6)) AS Field#Min,
        CAST(MAX(c.Field#Max) AS DECIMAL(18, 6)) AS Field#Max,
        SUM(CAST(c.Field#Count AS BIGINT)) AS Field#Count,
        -- end
        SUM(CAST(c.ReadingCount AS BIGINT)) AS ReadingCount
    INTO #merged
    FROM counted AS c
    GROUP BY c.Step, c.OffsetSeconds
    -- the bounds as they are, not as they might be: a guess would read the whole table
    OPTION (RECOMPILE);

    SELECT
        CASE
            WHEN @StepSeconds IS NULL THEN DATEADD(MONTH, CAST(m.Step * @StepMonths AS INT), @Origin)
            ELSE DATEADD(
                SECOND,
                CAST(m.Step * @StepSeconds % 86400 AS INT),
                DATEADD(DAY, CAST(m.Step * @StepSeconds / 86400 AS INT), @Origin)
            )
        END AS WallStart,
        m.OffsetSeconds,
        -- each field
        CAST(m.Field#Sum AS FLOAT) / NULLIF(m.Field#Count, 0) AS Field#Avg,
        m.Field#Min,
        m.Field#Max,
        CAST(m.Field#Sum AS FLOAT) AS Field#Sum,
        m.Field#Count,
        -- end
        m.ReadingCount
    FROM #merged AS m
    ORDER BY m.Step, m.OffsetSeconds DESC;
    RETURN 0;
END;
