-- usp_AlarmLowScores(channel_ids, as_of, runs, score): channels whose score was below another in so many runs in a
-- row, since when, and the last. A row of quiet runs stands for several; a day without a reading has no score worth
-- telling.
CREATE OR ALTER PROCEDURE iot.usp_AlarmLowScores
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Runs BIGINT,
    @Score FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    WITH scored AS (
        SELECT
            p.ChannelID,
            p.RunID,
            p.StartedAt,
            p.QualityScore,
            CASE
                WHEN p.Inserted = 0 AND p.Updated = 0 AND p.Outcome = N'success' THEN p.RequestsNeeded
                ELSE 1
            END AS Runs,
            MAX(CASE WHEN p.QualityScore >= @Score THEN p.StartedAt END) OVER (
                PARTITION BY p.ChannelID
            ) AS GoodAt,
            ROW_NUMBER() OVER (PARTITION BY p.ChannelID ORDER BY p.StartedAt DESC, p.RunID DESC) AS Place
        FROM iot.PipelineRuns AS p
        JOIN iot.DataQuality AS q
            ON q.ChannelID = p.ChannelID AND q.CheckDate = CAST(p.StartedAt AS DATE) AND q.TotalReadings > 0
        WHERE p.QualityScore IS NOT NULL
            AND p.StartedAt >= DATEADD(DAY, -30, @AsOfTime)
            AND p.StartedAt <= @AsOfTime
            AND p.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    )
    SELECT
        CAST(s.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        MIN(s.StartedAt) AS SinceAt,
        MAX(CASE WHEN s.Place = 1 THEN s.QualityScore END) AS Figure
    FROM scored AS s
    WHERE s.GoodAt IS NULL OR s.StartedAt > s.GoodAt
    GROUP BY s.ChannelID
    HAVING SUM(s.Runs) >= @Runs
    ORDER BY s.ChannelID;
    RETURN 0;
END;
