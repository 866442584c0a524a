-- usp_Overview(channel_ids, as_of): what is to be said of each channel at a glance, without counting its readings; NULL
-- is all. NewestReading is the newest of a life that a load has kept; only where that is dated into the future its
-- readings are looked through. SilentSince is as in usp_Status.
CREATE OR ALTER PROCEDURE iot.usp_Overview @ChannelIDs NVARCHAR(MAX) = NULL, @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SELECT
        c.ChannelID,
        c.ChannelName,
        c.Description,
        c.Latitude,
        c.Longitude,
        c.Elevation,
        c.Field#Name, -- each field
        c.CreatedAt,
        c.IsActive,
        c.PausedAt,
        n.Epochs,
        n.FirstReading,
        v.NewestReading,
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
    FROM iot.Channels AS c
    OUTER APPLY (
        SELECT
            CAST(COUNT(*) AS INT) AS Epochs,
            MIN(e.FirstCreatedAt) AS FirstReading,
            MAX(e.LastCreatedAt) AS LastReading
        FROM iot.Epochs AS e
        WHERE e.ChannelID = c.ChannelID
    ) AS n
    OUTER APPLY (
        SELECT MAX(x.CreatedAt) AS NewestReading
        FROM (
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings AS r
                WHERE n.LastReading >= @AsOfTime AND r.ChannelID = c.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
            UNION ALL
            SELECT m.CreatedAt
            FROM (
                SELECT TOP (1) r.CreatedAt
                FROM iot.SensorReadings_Archive AS r
                WHERE n.LastReading >= @AsOfTime AND r.ChannelID = c.ChannelID AND r.CreatedAt < @AsOfTime
                ORDER BY r.CreatedAt DESC
            ) AS m
        ) AS x
    ) AS f
    OUTER APPLY (
        SELECT
            CASE WHEN n.LastReading < @AsOfTime THEN n.LastReading ELSE f.NewestReading END AS NewestReading
    ) AS v
    OUTER APPLY (
        SELECT TOP (1) x.CadenceSeconds
        FROM iot.DataQuality AS x
        WHERE x.ChannelID = c.ChannelID
            AND x.CheckDate <= CAST(@AsOfTime AS DATE)
            AND x.CadenceSeconds IS NOT NULL
        ORDER BY x.CheckDate DESC
    ) AS u
    LEFT JOIN (
        SELECT x.ChannelID, MAX(COALESCE(x.EndedAt, x.StartedAt)) AS EndedAt
        FROM iot.PipelineRuns AS x
        WHERE x.Outcome = N'success'
        GROUP BY x.ChannelID
    ) AS s ON s.ChannelID = c.ChannelID
    OUTER APPLY (
        SELECT TOP (1) COALESCE(x.EndedAt, x.StartedAt) AS LastRunAt, x.Outcome, x.Error
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
    WHERE (
            @ChannelIDs IS NULL
            OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
    ORDER BY c.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
