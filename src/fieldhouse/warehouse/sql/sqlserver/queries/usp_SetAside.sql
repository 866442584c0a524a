-- usp_SetAside(channel_id, start_at, end_at): the readings of a span that do not count as their source sent them, by
-- their original times: withdrawn by it, excluded or corrected by a rule; their values, and those that count instead.
CREATE OR ALTER PROCEDURE iot.usp_SetAside @ChannelID INT, @StartAt DATETIME2(6), @EndAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        r.WithdrawnAt,
        r.CorrectedAt,
        c.CreatedAt AS CorrectedTo,
        c.ChangedFields,
        -- each field
        r.Field#,
        c.Field# AS Field#Now,
        -- end
        r.Status
    FROM iot.AllReadings AS r
    LEFT JOIN iot.CorrectedReadings AS c ON c.ReadingID = r.ReadingID
    WHERE r.ChannelID = @ChannelID
        AND r.Superseded = 0
        AND (r.WithdrawnAt IS NOT NULL OR r.CorrectedAt IS NOT NULL)
        AND r.CreatedAt >= @StartAt
        AND r.CreatedAt < @EndAt
    ORDER BY r.CreatedAt, r.Epoch, r.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
