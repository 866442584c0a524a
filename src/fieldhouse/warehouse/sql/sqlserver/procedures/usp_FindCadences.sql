-- usp_FindCadences: for each of #windows the median gap between its distinct seconds, NULL below ten gaps, and
-- the distinct seconds of its day. Each half of a day counts its gaps once. Called by usp_JudgeDays, which
-- reads what it finds in #cadences and #seconds_of_days.
CREATE OR ALTER PROCEDURE iot.usp_FindCadences
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        s.ChannelID,
        s.Day,
        s.Part,
        s.Second,
        s.Second - LAG(s.Second) OVER (PARTITION BY s.ChannelID ORDER BY s.Second) AS Gap
    INTO #seconds
    FROM (
        SELECT DISTINCT x.ChannelID, x.Day, x.Part, x.Second FROM #sourced AS x
    ) AS s;
    SELECT s.ChannelID, s.Part, s.Gap, COUNT_BIG(*) AS Gaps
    INTO #gaps
    FROM #seconds AS s
    WHERE s.Gap > 0
    GROUP BY s.ChannelID, s.Part, s.Gap;
    SELECT s.ChannelID, s.Part, MIN(s.Second) AS FirstSecond
    INTO #firsts
    FROM #seconds AS s
    GROUP BY s.ChannelID, s.Part;

    INSERT INTO #cadences (ChannelID, CheckDate, Seconds)
    SELECT
        r.ChannelID,
        r.CheckDate,
        (
            MIN(CASE WHEN 2 * r.UpTo >= r.Total THEN r.Gap END) +
            MIN(CASE WHEN 2 * r.UpTo > r.Total THEN r.Gap END)
        ) /
        2.0E0
    FROM (
        SELECT
            g.ChannelID,
            g.CheckDate,
            g.Gap,
            SUM(g.Gaps) OVER (
                PARTITION BY g.ChannelID, g.CheckDate
                ORDER BY g.Gap
                ROWS UNBOUNDED PRECEDING
            ) AS UpTo,
            SUM(g.Gaps) OVER (PARTITION BY g.ChannelID, g.CheckDate) AS Total
        FROM (
            SELECT c.ChannelID, c.CheckDate, c.Gap, SUM(c.Gaps) AS Gaps
            FROM (
                SELECT w.ChannelID, w.CheckDate, s.Gap, s.Gaps
                FROM #window_parts AS w
                JOIN #gaps AS s ON s.ChannelID = w.ChannelID AND s.Part = w.Part
                UNION ALL
                -- the gap before a window's first second does not lie within the window
                SELECT f.ChannelID, f.CheckDate, s.Gap, -1
                FROM (
                    SELECT w.ChannelID, w.CheckDate, MIN(p.FirstSecond) AS FirstSecond
                    FROM #window_parts AS w
                    JOIN #firsts AS p ON p.ChannelID = w.ChannelID AND p.Part = w.Part
                    GROUP BY w.ChannelID, w.CheckDate
                ) AS f
                JOIN #seconds AS s ON s.ChannelID = f.ChannelID AND s.Second = f.FirstSecond
                WHERE s.Gap > 0
            ) AS c
            GROUP BY c.ChannelID, c.CheckDate, c.Gap
        ) AS g
    ) AS r
    WHERE r.Total >= 10
    GROUP BY r.ChannelID, r.CheckDate;

    INSERT INTO #seconds_of_days (ChannelID, Day, Seconds)
    SELECT s.ChannelID, s.Day, COUNT_BIG(*) FROM #seconds AS s GROUP BY s.ChannelID, s.Day;
    RETURN 0;
END;
