-- usp_FindCadences: for each of #windows the median gap between its distinct seconds, NULL below ten gaps, and
-- the distinct seconds of its day. Each half of a day counts its gaps once. Called by usp_JudgeDays, which
-- reads what it finds in #cadences and #seconds_of_days.
CREATE OR ALTER PROCEDURE iot.usp_FindCadences @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATETIME2(6) = '0001-01-01', @today INT = DATEDIFF(DAY, '0001-01-01', @AsOfTime);
    DECLARE @cut BIGINT = DATEDIFF_BIG(MICROSECOND, CAST(CAST(@AsOfTime AS DATE) AS DATETIME2(6)), @AsOfTime);
    -- the index alone has all of it
    SELECT DISTINCT
        d.ChannelID,
        d.Day,
        2 * d.Day +
        CASE WHEN DATEDIFF_BIG(MICROSECOND, d.StartAt, r.CreatedAt) >= @cut THEN 1 ELSE 0 END AS Part,
        DATEDIFF_BIG(SECOND, @base, r.CreatedAt) AS Second
    INTO #times
    FROM (
        SELECT
            x.ChannelID,
            x.Day,
            DATEADD(DAY, x.Day, @base) AS StartAt,
            CASE WHEN x.Day >= @today THEN @AsOfTime ELSE DATEADD(DAY, x.Day + 1, @base) END AS EndAt
        FROM (
            SELECT DISTINCT p.ChannelID, p.Day FROM #window_parts AS p
        ) AS x
    ) AS d
    JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = d.ChannelID AND r.CreatedAt >= d.StartAt AND r.CreatedAt < d.EndAt
    OPTION (LOOP JOIN, FORCE ORDER);
    SELECT
        s.ChannelID,
        s.Day,
        s.Part,
        s.Second,
        s.Second - LAG(s.Second) OVER (PARTITION BY s.ChannelID ORDER BY s.Second) AS Gap
    INTO #seconds
    FROM #times AS s;
    SELECT s.ChannelID, s.Part, s.Gap, COUNT_BIG(*) AS Gaps
    INTO #gaps
    FROM #seconds AS s
    WHERE s.Gap > 0
    GROUP BY s.ChannelID, s.Part, s.Gap;
    SELECT s.ChannelID, s.Part, MIN(s.Second) AS FirstSecond
    INTO #firsts
    FROM #seconds AS s
    GROUP BY s.ChannelID, s.Part;

    INSERT INTO #cadences (Period, Seconds)
    SELECT
        r.Period,
        (
            MIN(CASE WHEN 2 * r.UpTo >= r.Total THEN r.Gap END) +
            MIN(CASE WHEN 2 * r.UpTo > r.Total THEN r.Gap END)
        ) /
        2.0E0
    FROM (
        SELECT
            g.Period,
            g.Gap,
            SUM(g.Gaps) OVER (PARTITION BY g.Period ORDER BY g.Gap ROWS UNBOUNDED PRECEDING) AS UpTo,
            SUM(g.Gaps) OVER (PARTITION BY g.Period) AS Total
        FROM (
            SELECT c.Period, c.Gap, SUM(c.Gaps) AS Gaps
            FROM (
                SELECT w.Period, s.Gap, s.Gaps
                FROM #window_parts AS w
                JOIN #gaps AS s ON s.ChannelID = w.ChannelID AND s.Part = w.Part
                UNION ALL
                -- the gap before a window's first second does not lie within the window
                SELECT f.Period, s.Gap, -1
                FROM (
                    SELECT w.Period, w.ChannelID, MIN(p.FirstSecond) AS FirstSecond
                    FROM #window_parts AS w
                    JOIN #firsts AS p ON p.ChannelID = w.ChannelID AND p.Part = w.Part
                    GROUP BY w.Period, w.ChannelID
                ) AS f
                JOIN #seconds AS s ON s.ChannelID = f.ChannelID AND s.Second = f.FirstSecond
                WHERE s.Gap > 0
            ) AS c
            GROUP BY c.Period, c.Gap
        ) AS g
    ) AS r
    WHERE r.Total >= 10
    GROUP BY r.Period;

    INSERT INTO #seconds_of_days (ChannelID, Day, Seconds)
    SELECT s.ChannelID, s.Day, COUNT_BIG(*) FROM #seconds AS s GROUP BY s.ChannelID, s.Day;
    RETURN 0;
END;
