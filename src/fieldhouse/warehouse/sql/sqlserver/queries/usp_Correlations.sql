-- usp_Correlations(channel_id, field_number, other_channel_id, other_field_number, start_at, end_at, most_hours): how the
-- hourly means of two fields go together, those of the other some hours later, from minus to plus the most: of the
-- hours that both have, and of what is left of them without the mean of each hour of the day (UTC). NULL below three
-- hours, and of what does not move. Means have nine decimals, so that equal ones are.
CREATE OR ALTER PROCEDURE iot.usp_Correlations
    @ChannelID INT,
    @FieldNumber INT,
    @OtherChannelID INT,
    @OtherFieldNumber INT,
    @StartAt DATETIME2(6),
    @EndAt DATETIME2(6),
    @MostHours INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CASE WHEN g.PeriodStart >= @StartAt AND g.PeriodStart < @EndAt THEN 1 ELSE 0 END AS IsWithin,
        g.ChannelID,
        DATEDIFF(HOUR, '1970-01-01', g.PeriodStart) AS Hour,
        CASE @FieldNumber
            WHEN # THEN CAST(ROUND(g.Field#Avg, 9) AS FLOAT) -- each field
        END AS Mine,
        CASE @OtherFieldNumber
            WHEN # THEN CAST(ROUND(g.Field#Avg, 9) AS FLOAT) -- each field
        END AS Theirs
    INTO #hourly
    FROM iot.AggregatedData AS g
    WHERE g.AggregationType = N'HOURLY'
        AND g.ChannelID IN (@ChannelID, @OtherChannelID)
        AND g.PeriodStart >= DATEADD(HOUR, -@MostHours, @StartAt)
        AND g.PeriodStart < DATEADD(HOUR, @MostHours, @EndAt);
    SELECT
        h.Hour,
        h.Mine AS Mean,
        CAST(ROUND(h.Mine - AVG(h.Mine) OVER (PARTITION BY h.Hour % 24), 9) AS FLOAT) AS Rest
    INTO #mine
    FROM #hourly AS h
    WHERE h.ChannelID = @ChannelID AND h.IsWithin = 1 AND h.Mine IS NOT NULL;
    SELECT
        h.Hour,
        h.Theirs AS Mean,
        CAST(ROUND(h.Theirs - AVG(h.Theirs) OVER (PARTITION BY h.Hour % 24), 9) AS FLOAT) AS Rest
    INTO #theirs
    FROM #hourly AS h
    WHERE h.ChannelID = @OtherChannelID AND h.Theirs IS NOT NULL;
    WITH tens AS (
        SELECT d.n
        FROM (VALUES
            (0),
            (1),
            (2),
            (3),
            (4),
            (5),
            (6),
            (7),
            (8),
            (9)
        ) AS d (n)
    ),
    lags AS (
        SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n - @MostHours AS Lag
        FROM tens AS a
        CROSS JOIN tens AS b
        CROSS JOIN tens AS c
        CROSS JOIN tens AS d
        WHERE a.n + 10 * b.n + 100 * c.n + 1000 * d.n <= 2 * @MostHours
    )
    SELECT l.Lag, m.Mean AS X, t.Mean AS Y, m.Rest AS XRest, t.Rest AS YRest
    INTO #paired
    FROM lags AS l
    CROSS JOIN #mine AS m
    JOIN #theirs AS t ON t.Hour = m.Hour + l.Lag;
    WITH ranked AS (
        SELECT
            p.Lag,
            p.X,
            p.Y,
            p.XRest,
            p.YRest,
            CAST(RANK() OVER (PARTITION BY p.Lag ORDER BY p.X) AS FLOAT) +
            CAST(COUNT(*) OVER (PARTITION BY p.Lag, p.X) AS FLOAT) / 2 AS XRank,
            CAST(RANK() OVER (PARTITION BY p.Lag ORDER BY p.Y) AS FLOAT) +
            CAST(COUNT(*) OVER (PARTITION BY p.Lag, p.Y) AS FLOAT) / 2 AS YRank,
            CAST(RANK() OVER (PARTITION BY p.Lag ORDER BY p.XRest) AS FLOAT) +
            CAST(COUNT(*) OVER (PARTITION BY p.Lag, p.XRest) AS FLOAT) / 2 AS XRestRank,
            CAST(RANK() OVER (PARTITION BY p.Lag ORDER BY p.YRest) AS FLOAT) +
            CAST(COUNT(*) OVER (PARTITION BY p.Lag, p.YRest) AS FLOAT) / 2 AS YRestRank
        FROM #paired AS p
    ),
    centred AS (
        SELECT
            r.Lag,
            r.X - AVG(r.X) OVER (PARTITION BY r.Lag) AS X,
            r.Y - AVG(r.Y) OVER (PARTITION BY r.Lag) AS Y,
            r.XRest - AVG(r.XRest) OVER (PARTITION BY r.Lag) AS XRest,
            r.YRest - AVG(r.YRest) OVER (PARTITION BY r.Lag) AS YRest,
            r.XRank - AVG(r.XRank) OVER (PARTITION BY r.Lag) AS XRank,
            r.YRank - AVG(r.YRank) OVER (PARTITION BY r.Lag) AS YRank,
            r.XRestRank - AVG(r.XRestRank) OVER (PARTITION BY r.Lag) AS XRestRank,
            r.YRestRank - AVG(r.YRestRank) OVER (PARTITION BY r.Lag) AS YRestRank
        FROM ranked AS r
    ),
    summed AS (
        SELECT
            c.Lag,
            COUNT_BIG(*) AS Hours,
            MAX(ABS(c.XRank)) AS XMoves,
            MAX(ABS(c.YRank)) AS YMoves,
            MAX(ABS(c.XRestRank)) AS XRestMoves,
            MAX(ABS(c.YRestRank)) AS YRestMoves,
            SUM(c.X * c.Y) AS Plain,
            SQRT(SUM(c.X * c.X)) * SQRT(SUM(c.Y * c.Y)) AS PlainSize,
            SUM(c.XRank * c.YRank) AS Ranks,
            SQRT(SUM(c.XRank * c.XRank)) * SQRT(SUM(c.YRank * c.YRank)) AS RanksSize,
            SUM(c.XRest * c.YRest) AS Rests,
            SQRT(SUM(c.XRest * c.XRest)) * SQRT(SUM(c.YRest * c.YRest)) AS RestsSize,
            SUM(c.XRestRank * c.YRestRank) AS RestRanks,
            SQRT(SUM(c.XRestRank * c.XRestRank)) * SQRT(SUM(c.YRestRank * c.YRestRank)) AS RestRanksSize
        FROM centred AS c
        GROUP BY c.Lag
    )
    SELECT
        s.Lag,
        s.Hours,
        CASE
            WHEN s.Hours >= 3 AND s.XMoves > 0 AND s.YMoves > 0 THEN s.Plain / NULLIF(s.PlainSize, 0)
        END AS Pearson,
        CASE
            WHEN s.Hours >= 3 AND s.XMoves > 0 AND s.YMoves > 0 THEN s.Ranks / NULLIF(s.RanksSize, 0)
        END AS Spearman,
        CASE
            WHEN s.Hours >= 3 AND s.XRestMoves > 0 AND s.YRestMoves > 0 THEN s.Rests / NULLIF(s.RestsSize, 0)
        END AS PearsonRest,
        CASE
            WHEN s.Hours >= 3 AND s.XRestMoves > 0 AND s.YRestMoves > 0 THEN s.RestRanks /
            NULLIF(s.RestRanksSize, 0)
        END AS SpearmanRest
    FROM summed AS s
    ORDER BY s.Lag;
    RETURN 0;
END;
