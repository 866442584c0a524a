-- usp_Status(as_of, channel_ids): one row a channel: what it holds, how far it is complete, how fresh it is, how its
-- last run went; NULL is all. A channel that was never more than tried has its row, too. SilentSince: its newest
-- reading, where three of its usual distances, ten minutes at the least, had passed when it was last read; PastRead:
-- the share of its entries that is there, as long as its past is not complete.
CREATE OR ALTER PROCEDURE iot.usp_Status @AsOfTime DATETIME2(6) = NULL, @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SELECT
        i.ChannelID,
        c.ChannelName,
        COALESCE(c.IsActive, CAST(1 AS BIT)) AS IsActive,
        c.PausedAt,
        COALESCE(k.Readings, 0) AS Readings,
        COALESCE(n.Epoch, 0) AS Epochs,
        k.FirstReading,
        v.NewestReading,
        w.Watermark,
        CASE
            WHEN w.CoveredTo > COALESCE(w.Watermark, '0001-01-01') AND y.Readings < n.LastEntryID THEN CAST(
                y.Readings AS FLOAT
            ) /
            n.LastEntryID
            WHEN w.CoveredTo > COALESCE(w.Watermark, '0001-01-01') THEN CAST(1 AS FLOAT)
        END AS PastRead,
        COALESCE(g.OpenGaps, 0) AS OpenGaps,
        COALESCE(g.Unreachable, 0) AS Unreachable,
        COALESCE(k.Withdrawn, 0) AS Withdrawn,
        COALESCE(d.Disputed, 0) AS Disputed,
        u.CadenceSeconds,
        CASE
            WHEN DATEDIFF_BIG(MICROSECOND, v.NewestReading, s.EndedAt) > 3000000 * u.CadenceSeconds
            AND DATEDIFF_BIG(MICROSECOND, v.NewestReading, s.EndedAt) > 600000000 THEN v.NewestReading
        END AS SilentSince,
        s.EndedAt AS LastSuccessAt,
        p.LastRunAt,
        p.Outcome AS LastOutcome,
        p.Error AS LastError,
        q.CheckDate AS ScoredOn,
        q.QualityScore
    FROM (
        SELECT x.ChannelID FROM iot.Channels AS x
        UNION
        SELECT x.ChannelID FROM iot.PipelineRuns AS x
    ) AS i
    LEFT JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
    -- counts are kept by the loads: no reading is read, but where one is dated into the future or a past is not complete
    LEFT JOIN iot.ReadingCounts AS k ON k.ChannelID = i.ChannelID
    OUTER APPLY (
        SELECT MAX(x.CreatedAt) AS NewestReading
        FROM (
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings AS r
                WHERE k.LastReading >= @AsOfTime AND r.ChannelID = i.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
            UNION ALL
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings_Archive AS r
                WHERE k.LastReading >= @AsOfTime AND r.ChannelID = i.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
        ) AS x
    ) AS f
    OUTER APPLY (
        SELECT
            CASE WHEN k.LastReading < @AsOfTime THEN k.LastReading ELSE f.NewestReading END AS NewestReading
    ) AS v
    OUTER APPLY (
        SELECT TOP (1) e.Epoch, COALESCE(e.LastEntryID, e.HighestEntryID) AS LastEntryID
        FROM iot.Epochs AS e
        WHERE e.ChannelID = i.ChannelID
        ORDER BY e.Epoch DESC
    ) AS n
    LEFT JOIN (
        SELECT
            x.ChannelID,
            x.Epoch,
            MAX(CASE WHEN x.SpanStart = '0001-01-01' THEN x.SpanEnd END) AS Watermark,
            MAX(x.SpanEnd) AS CoveredTo
        FROM iot.Coverage AS x
        GROUP BY x.ChannelID, x.Epoch
    ) AS w ON w.ChannelID = i.ChannelID AND w.Epoch = n.Epoch
    OUTER APPLY (
        SELECT COUNT_BIG(*) AS Readings
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = i.ChannelID
            AND r.Epoch = n.Epoch
            AND w.CoveredTo > COALESCE(w.Watermark, '0001-01-01')
    ) AS y
    LEFT JOIN (
        SELECT
            x.ChannelID,
            x.Epoch,
            SUM(CASE WHEN x.State = N'open' THEN 1 ELSE 0 END) AS OpenGaps,
            SUM(CASE WHEN x.State = N'unreachable' THEN 1 ELSE 0 END) AS Unreachable
        FROM iot.Gaps AS x
        GROUP BY x.ChannelID, x.Epoch
    ) AS g ON g.ChannelID = i.ChannelID AND g.Epoch = n.Epoch
    LEFT JOIN (
        SELECT x.ChannelID, COUNT_BIG(*) AS Disputed
        FROM iot.Disputes AS x
        WHERE x.State = N'open'
        GROUP BY x.ChannelID
    ) AS d ON d.ChannelID = i.ChannelID
    OUTER APPLY (
        SELECT TOP (1) x.CadenceSeconds
        FROM iot.DataQuality AS x
        WHERE x.ChannelID = i.ChannelID
            AND x.CheckDate <= CAST(@AsOfTime AS DATE)
            AND x.CadenceSeconds IS NOT NULL
        ORDER BY x.CheckDate DESC
    ) AS u
    LEFT JOIN (
        SELECT x.ChannelID, MAX(COALESCE(x.EndedAt, x.StartedAt)) AS EndedAt
        FROM iot.PipelineRuns AS x
        WHERE x.Outcome = N'success'
        GROUP BY x.ChannelID
    ) AS s ON s.ChannelID = i.ChannelID
    OUTER APPLY (
        SELECT TOP (1) COALESCE(x.EndedAt, x.StartedAt) AS LastRunAt, x.Outcome, x.Error
        FROM iot.PipelineRuns AS x
        WHERE x.ChannelID = i.ChannelID
        ORDER BY x.StartedAt DESC, x.RunID DESC
    ) AS p
    OUTER APPLY (
        SELECT TOP (1) x.CheckDate, x.QualityScore
        FROM iot.DataQuality AS x
        WHERE x.ChannelID = i.ChannelID AND x.CheckDate <= CAST(@AsOfTime AS DATE)
        ORDER BY x.CheckDate DESC
    ) AS q
    WHERE (
            @ChannelIDs IS NULL
            OR i.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
    ORDER BY i.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
