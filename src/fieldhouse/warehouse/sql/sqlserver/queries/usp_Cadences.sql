-- usp_Cadences(channel_ids): what is known of channels that decides how often they are asked: the usual distance of
-- their readings, the newest one, when they were first and last asked, how often in a row that failed. No channel
-- ids: all channels.
CREATE OR ALTER PROCEDURE iot.usp_Cadences @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    WITH asked AS (
        SELECT
            p.ChannelID,
            MIN(p.StartedAt) AS FirstRunAt,
            MAX(COALESCE(p.EndedAt, p.StartedAt)) AS LastAskedAt,
            MAX(CASE WHEN p.Outcome = N'success' THEN p.StartedAt END) AS LastSuccessAt
        FROM iot.PipelineRuns AS p
        WHERE p.Source IS NULL
            AND (
                @ChannelIDs IS NULL
                OR p.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
            )
        GROUP BY p.ChannelID
    )
    SELECT
        a.ChannelID,
        u.CadenceSeconds,
        (
            SELECT MAX(e.NewestCreatedAt) FROM iot.Epochs AS e WHERE e.ChannelID = a.ChannelID
        ) AS NewestCreatedAt,
        a.FirstRunAt,
        a.LastAskedAt,
        (
            SELECT COUNT_BIG(*)
            FROM iot.PipelineRuns AS p
            WHERE p.ChannelID = a.ChannelID
                AND p.Source IS NULL
                AND p.Outcome = N'failed'
                AND (a.LastSuccessAt IS NULL OR p.StartedAt > a.LastSuccessAt)
        ) AS Failures
    FROM asked AS a
    OUTER APPLY (
        SELECT TOP (1) q.CadenceSeconds
        FROM iot.DataQuality AS q
        WHERE q.ChannelID = a.ChannelID AND q.CadenceSeconds IS NOT NULL
        ORDER BY q.CheckDate DESC
    ) AS u
    ORDER BY a.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
