-- usp_Status(as_of): one row a channel: what it holds, how far it is complete, how its last run went.
CREATE OR ALTER PROCEDURE iot.usp_Status @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SELECT
        c.ChannelID,
        c.ChannelName,
        COALESCE(k.Readings, 0) AS Readings,
        COALESCE(n.Epoch, 0) AS Epochs,
        k.FirstReading,
        CASE WHEN k.LastReading < @AsOfTime THEN k.LastReading ELSE f.NewestReading END AS NewestReading,
        w.Watermark,
        COALESCE(g.OpenGaps, 0) AS OpenGaps,
        COALESCE(g.Unreachable, 0) AS Unreachable,
        COALESCE(k.Withdrawn, 0) AS Withdrawn,
        COALESCE(d.Disputed, 0) AS Disputed,
        p.LastRunAt,
        p.Outcome AS LastOutcome,
        q.CheckDate AS ScoredOn,
        q.QualityScore
    FROM iot.Channels AS c
    -- counts are kept by the loads: no reading is read, but where one is dated into the future
    LEFT JOIN iot.ReadingCounts AS k ON k.ChannelID = c.ChannelID
    OUTER APPLY (
        SELECT MAX(x.CreatedAt) AS NewestReading
        FROM (
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings AS r
                WHERE k.LastReading >= @AsOfTime AND r.ChannelID = c.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
            UNION ALL
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings_Archive AS r
                WHERE k.LastReading >= @AsOfTime AND r.ChannelID = c.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
        ) AS x
    ) AS f
    LEFT JOIN (
        SELECT e.ChannelID, MAX(e.Epoch) AS Epoch FROM iot.Epochs AS e GROUP BY e.ChannelID
    ) AS n ON n.ChannelID = c.ChannelID
    LEFT JOIN (
        SELECT s.ChannelID, s.Epoch, MAX(s.SpanEnd) AS Watermark
        FROM iot.Coverage AS s
        WHERE s.SpanStart = '0001-01-01'
        GROUP BY s.ChannelID, s.Epoch
    ) AS w ON w.ChannelID = n.ChannelID AND w.Epoch = n.Epoch
    LEFT JOIN (
        SELECT
            x.ChannelID,
            x.Epoch,
            SUM(CASE WHEN x.State = N'open' THEN 1 ELSE 0 END) AS OpenGaps,
            SUM(CASE WHEN x.State = N'unreachable' THEN 1 ELSE 0 END) AS Unreachable
        FROM iot.Gaps AS x
        GROUP BY x.ChannelID, x.Epoch
    ) AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
    LEFT JOIN (
        SELECT x.ChannelID, COUNT_BIG(*) AS Disputed
        FROM iot.Disputes AS x
        WHERE x.State = N'open'
        GROUP BY x.ChannelID
    ) AS d ON d.ChannelID = c.ChannelID
    OUTER APPLY (
        SELECT TOP (1) COALESCE(x.EndedAt, x.StartedAt) AS LastRunAt, x.Outcome
        FROM iot.PipelineRuns AS x
        WHERE x.ChannelID = c.ChannelID
        ORDER BY x.StartedAt DESC, x.RunID DESC
    ) AS p
    OUTER APPLY (
        SELECT TOP (1) x.CheckDate, x.QualityScore
        FROM iot.DataQuality AS x
        WHERE x.ChannelID = c.ChannelID AND x.CheckDate <= CAST(@AsOfTime AS DATE)
        ORDER BY x.CheckDate DESC
    ) AS q
    ORDER BY c.ChannelID;
    RETURN 0;
END;
