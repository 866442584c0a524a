-- usp_AlarmNothingNew(channel_ids, as_of, runs, distances): channels of which so many runs in a row brought nothing,
-- for so many of their usual distances at least; since when, and how many runs. A row of quiet runs stands for
-- several.
CREATE OR ALTER PROCEDURE iot.usp_AlarmNothingNew
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Runs BIGINT,
    @Distances FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    WITH ran AS (
        SELECT
            p.ChannelID,
            p.StartedAt,
            COALESCE(p.EndedAt, p.StartedAt) AS EndedAt,
            CASE WHEN p.Outcome = N'success' THEN p.RequestsNeeded ELSE 1 END AS Runs,
            MAX(CASE WHEN p.Inserted > 0 THEN p.StartedAt END) OVER (PARTITION BY p.ChannelID) AS BroughtAt
        FROM iot.PipelineRuns AS p
        WHERE p.Source IS NULL
            AND p.StartedAt >= DATEADD(DAY, -30, @AsOfTime)
            AND p.StartedAt <= @AsOfTime
            AND p.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    ),
    idle AS (
        SELECT r.ChannelID, MIN(r.StartedAt) AS SinceAt, MAX(r.EndedAt) AS UntilAt, SUM(r.Runs) AS Runs
        FROM ran AS r
        WHERE r.BroughtAt IS NULL OR r.StartedAt > r.BroughtAt
        GROUP BY r.ChannelID
        HAVING SUM(r.Runs) >= @Runs
    )
    SELECT
        CAST(i.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        i.SinceAt,
        CAST(i.Runs AS FLOAT) AS Figure
    FROM idle AS i
    OUTER APPLY (
        SELECT MAX(e.LastCreatedAt) AS CreatedAt
        FROM iot.Epochs AS e
        WHERE e.ChannelID = i.ChannelID AND e.LastCreatedAt <= @AsOfTime
    ) AS n
    OUTER APPLY (
        SELECT TOP (1) q.CadenceSeconds
        FROM iot.DataQuality AS q
        WHERE q.ChannelID = i.ChannelID
            AND q.CheckDate <= CAST(@AsOfTime AS DATE)
            AND q.CadenceSeconds IS NOT NULL
        ORDER BY q.CheckDate DESC
    ) AS u
    WHERE n.CreatedAt IS NULL
        OR u.CadenceSeconds IS NULL
        OR CAST(DATEDIFF_BIG(MICROSECOND, n.CreatedAt, i.UntilAt) AS FLOAT) /
        CAST(1000000 AS FLOAT) >= @Distances * u.CadenceSeconds
    ORDER BY i.ChannelID;
    RETURN 0;
END;
