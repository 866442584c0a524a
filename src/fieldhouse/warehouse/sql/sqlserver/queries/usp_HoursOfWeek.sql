-- usp_HoursOfWeek(channel_id, start_at, end_at, offset_starts, offset_seconds, from_hours): fields by the day of the week
-- and the hour of the day, from the hours' partials where asked; 1 is Monday. The day and the hour are those of a wall
-- clock that is some seconds ahead of UTC from each of some instants on.
CREATE OR ALTER PROCEDURE iot.usp_HoursOfWeek
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @OffsetStarts NVARCHAR(MAX),
    @OffsetSeconds NVARCHAR(MAX),
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
        SELECT p.*, DATEADD(SECOND, o.Seconds, p.PartAt) AS WallAt
        FROM parts AS p
        JOIN #offsets AS o ON p.PartAt >= o.StartAt AND (o.EndAt IS NULL OR p.PartAt < o.EndAt)
    ),
    counted AS (
        SELECT
            p.*,
            -- the first of all days was a Monday
            DATEDIFF(DAY, CAST('0001-01-01' AS DATETIME2(6)), p.WallAt) % 7 + 1 AS Weekday,
            DATEPART(HOUR, p.WallAt) AS Hour
        FROM placed AS p
    )
    SELECT
        c.Weekday,
        c.Hour,
        -- each field
        CAST(SUM(c.Field#Sum) AS DECIMAL(38, 6)) AS Field#Sum,
        CAST(MIN(c.Field#Min) AS DECIMAL(18, 6)) AS Field#Min,
        CAST(MAX(c.Field#Max) AS DECIMAL(18, 6)) AS Field#Max,
        SUM(CAST(c.Field#Count AS BIGINT)) AS Field#Count,
        -- end
        SUM(CAST(c.ReadingCount AS BIGINT)) AS ReadingCount
    INTO #merged
    FROM counted AS c
    GROUP BY c.Weekday, c.Hour
    -- the bounds as they are, not as they might be: a guess would read the whole table
    OPTION (RECOMPILE);

    SELECT
        m.Weekday,
        m.Hour,
        -- each field
        CAST(m.Field#Sum AS FLOAT) / NULLIF(m.Field#Count, 0) AS Field#Avg,
        m.Field#Min,
        m.Field#Max,
        CAST(m.Field#Sum AS FLOAT) AS Field#Sum,
        m.Field#Count,
        -- end
        m.ReadingCount
    FROM #merged AS m
    ORDER BY m.Weekday, m.Hour;
    RETURN 0;
END;
