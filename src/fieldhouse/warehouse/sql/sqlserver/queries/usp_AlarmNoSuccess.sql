-- usp_AlarmNoSuccess(channel_ids, as_of, seconds): channels without a successful run for so long, since when, and the
-- seconds since. One that never had one counts from its first run, as long as it is tried.
CREATE OR ALTER PROCEDURE iot.usp_AlarmNoSuccess
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(t.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        COALESCE(t.SuccessAt, t.FirstAt) AS SinceAt,
        CAST(DATEDIFF_BIG(MICROSECOND, COALESCE(t.SuccessAt, t.FirstAt), @AsOfTime) AS FLOAT) /
        CAST(1000000 AS FLOAT) AS Figure
    FROM (
        SELECT
            p.ChannelID,
            MIN(p.StartedAt) AS FirstAt,
            MAX(p.StartedAt) AS LastAt,
            MAX(CASE WHEN p.Outcome = N'success' THEN COALESCE(p.EndedAt, p.StartedAt) END) AS SuccessAt
        FROM iot.PipelineRuns AS p
        WHERE p.StartedAt <= @AsOfTime
            AND p.Source IS NULL
            AND p.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        GROUP BY p.ChannelID
    ) AS t
    WHERE COALESCE(t.SuccessAt, t.FirstAt) <= DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime)
        AND (t.SuccessAt IS NOT NULL OR t.LastAt >= DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime))
    ORDER BY t.ChannelID;
    RETURN 0;
END;
