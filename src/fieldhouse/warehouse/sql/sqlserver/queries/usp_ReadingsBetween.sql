-- usp_ReadingsBetween(start_at, end_at): all channels' readings of a span, end excluded, archived
-- ones included.
CREATE OR ALTER PROCEDURE iot.usp_ReadingsBetween @StartAt DATETIME2(6), @EndAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    -- sorted without their texts, which are looked up afterwards, where there are any
    SELECT
        s.ReadingID,
        s.ChannelID,
        s.Epoch,
        s.EntryID,
        s.CreatedAt,
        s.Field#, -- each field
        s.Latitude,
        s.Longitude,
        s.Elevation,
        t.Status,
        s.Superseded,
        s.ImportedAt,
        s.WithdrawnAt
    FROM (
        SELECT TOP (9223372036854775807)
            r.ReadingID,
            r.ChannelID,
            r.Epoch,
            r.EntryID,
            r.CreatedAt,
            r.Field#, -- each field
            r.Latitude,
            r.Longitude,
            r.Elevation,
            r.Superseded,
            r.ImportedAt,
            r.WithdrawnAt,
            CASE WHEN r.Status IS NULL THEN 0 ELSE 1 END AS HasStatus
        FROM iot.AllReadings AS r
        WHERE r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
        ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID
    ) AS s
    OUTER APPLY (
        SELECT n.Status
        FROM iot.SensorReadings AS n
        WHERE s.HasStatus = 1 AND n.ReadingID = s.ReadingID AND n.CreatedAt = s.CreatedAt
        UNION ALL
        SELECT a.Status
        FROM iot.SensorReadings_Archive AS a
        WHERE s.HasStatus = 1 AND a.ReadingID = s.ReadingID AND a.CreatedAt = s.CreatedAt
    ) AS t
    ORDER BY s.ChannelID, s.CreatedAt, s.Epoch, s.EntryID
    OPTION (RECOMPILE, LOOP JOIN);
    RETURN 0;
END;
