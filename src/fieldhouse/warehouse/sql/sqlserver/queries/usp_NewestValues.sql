-- usp_NewestValues(channel_ids, as_of): each field's newest value of those before an instant and within a day of the
-- channel's newest reading, and when it was made.
CREATE OR ALTER PROCEDURE iot.usp_NewestValues @ChannelIDs NVARCHAR(MAX), @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @a DATETIME2(6) = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SELECT l.ChannelID, CASE WHEN MAX(e.LastCreatedAt) < @a THEN MAX(e.LastCreatedAt) ELSE @a END AS NewestAt
    INTO #lived
    FROM (
        SELECT DISTINCT CAST(j.value AS INT) AS ChannelID FROM OPENJSON(@ChannelIDs) AS j
    ) AS l
    JOIN iot.Epochs AS e ON e.ChannelID = l.ChannelID
    GROUP BY l.ChannelID
    HAVING MAX(e.LastCreatedAt) IS NOT NULL;

    SELECT
        l.ChannelID,
        -- each field
        f#.Value AS Field#,
        f#.CreatedAt AS Field#At,
        -- end
        n.NewestAt
    FROM #lived AS l
    CROSS APPLY (
        SELECT MAX(r.CreatedAt) AS NewestAt
        FROM iot.CurrentReadings AS r
        WHERE r.ChannelID = l.ChannelID AND r.CreatedAt >= DATEADD(DAY, -1, l.NewestAt) AND r.CreatedAt < @a
    ) AS n
    -- each field
    OUTER APPLY (
        SELECT TOP (1) r.Field# AS Value, r.CreatedAt
        FROM iot.CurrentReadings AS r
        WHERE r.ChannelID = l.ChannelID
            AND r.CreatedAt >= DATEADD(DAY, -1, l.NewestAt)
            AND r.CreatedAt < @a
            AND r.Field# IS NOT NULL
        ORDER BY r.CreatedAt DESC
    ) AS f#
    -- end
    WHERE n.NewestAt IS NOT NULL
    ORDER BY l.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
