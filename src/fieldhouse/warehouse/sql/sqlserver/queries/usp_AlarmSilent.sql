-- usp_AlarmSilent(channel_ids, as_of, distances, seconds): channels that report later than is usual for them; since
-- when, and the seconds since. Later than so many of its usual distances, than so many seconds, and than one and a
-- half times the pause, in whole hours, that nine of ten of its days do not exceed (nights, weekends), seen from its
-- last successful run: what cannot be asked is not silent.
CREATE OR ALTER PROCEDURE iot.usp_AlarmSilent
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Distances FLOAT,
    @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        l.ChannelID,
        v.SinceAt,
        CAST(DATEDIFF_BIG(MICROSECOND, v.SinceAt, a.AskedAt) AS FLOAT) / CAST(1000000 AS FLOAT) AS Seconds
    INTO #late
    FROM (
        SELECT e.ChannelID, MAX(e.LastCreatedAt) AS LastReading
        FROM iot.Epochs AS e
        WHERE e.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        GROUP BY e.ChannelID
    ) AS l
    -- only where the newest reading is dated into the future, readings are looked through
    OUTER APPLY (
        SELECT MAX(r.CreatedAt) AS CreatedAt
        FROM iot.AllReadings AS r
        WHERE l.LastReading >= @AsOfTime AND r.ChannelID = l.ChannelID AND r.CreatedAt < @AsOfTime
    ) AS f
    CROSS APPLY (
        SELECT CASE WHEN l.LastReading < @AsOfTime THEN l.LastReading ELSE f.CreatedAt END AS SinceAt
    ) AS v
    CROSS APPLY (
        SELECT MAX(COALESCE(p.EndedAt, p.StartedAt)) AS AskedAt
        FROM iot.PipelineRuns AS p
        WHERE p.ChannelID = l.ChannelID AND p.Outcome = N'success' AND p.StartedAt <= @AsOfTime
    ) AS a
    OUTER APPLY (
        SELECT TOP (1) q.CadenceSeconds
        FROM iot.DataQuality AS q
        WHERE q.ChannelID = l.ChannelID
            AND q.CheckDate <= CAST(@AsOfTime AS DATE)
            AND q.CadenceSeconds IS NOT NULL
        ORDER BY q.CheckDate DESC
    ) AS u
    WHERE CAST(DATEDIFF_BIG(MICROSECOND, v.SinceAt, a.AskedAt) AS FLOAT) / CAST(1000000 AS FLOAT) > @Seconds
        AND CAST(DATEDIFF_BIG(MICROSECOND, v.SinceAt, a.AskedAt) AS FLOAT) /
        CAST(1000000 AS FLOAT) > @Distances * u.CadenceSeconds
    OPTION (RECOMPILE);
    WITH hours AS (
        SELECT
            g.ChannelID,
            g.PeriodStart,
            LAG(g.PeriodStart) OVER (PARTITION BY g.ChannelID ORDER BY g.PeriodStart) AS BeforeStart
        FROM iot.AggregatedData AS g
        JOIN #late AS l ON l.ChannelID = g.ChannelID
        WHERE g.AggregationType = N'HOURLY'
            AND g.PeriodStart < @AsOfTime
            AND g.PeriodStart >= DATEADD(DAY, -30, @AsOfTime)
    ),
    pauses AS (
        SELECT h.ChannelID, MAX(DATEDIFF(SECOND, h.BeforeStart, h.PeriodStart)) AS Seconds
        FROM hours AS h
        WHERE h.BeforeStart IS NOT NULL
        GROUP BY h.ChannelID, CAST(h.PeriodStart AS DATE)
    ),
    placed AS (
        SELECT
            p.ChannelID,
            p.Seconds,
            ROW_NUMBER() OVER (PARTITION BY p.ChannelID ORDER BY p.Seconds) AS Place,
            COUNT(*) OVER (PARTITION BY p.ChannelID) AS Days
        FROM pauses AS p
    ),
    paused AS (
        SELECT p.ChannelID, MIN(p.Seconds) AS Seconds
        FROM placed AS p
        WHERE 10 * p.Place >= 9 * p.Days
        GROUP BY p.ChannelID
    )
    SELECT
        CAST(l.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        l.SinceAt,
        l.Seconds AS Figure
    FROM #late AS l
    LEFT JOIN paused AS p ON p.ChannelID = l.ChannelID
    WHERE p.Seconds IS NULL OR p.Seconds <= 3600 OR l.Seconds > 1.5 * p.Seconds + 3600
    ORDER BY l.ChannelID;
    RETURN 0;
END;
