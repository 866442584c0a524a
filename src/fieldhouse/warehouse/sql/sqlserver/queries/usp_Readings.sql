-- usp_Readings(channel_id, start_at, end_at, original): the readings that count, archived ones too, in the order of
-- time; NULL is open. As corrected, or as their source sent them.
CREATE OR ALTER PROCEDURE iot.usp_Readings
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Original BIT = 0
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
            x.ReadingID,
            x.ChannelID,
            x.Epoch,
            x.EntryID,
            x.CreatedAt,
            x.Field#, -- each field
            x.Latitude,
            x.Longitude,
            x.Elevation,
            x.Superseded,
            x.ImportedAt,
            x.WithdrawnAt,
            x.HasStatus,
            x.OriginalAt
        FROM (
            SELECT
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
                CASE WHEN r.Status IS NULL THEN 0 ELSE 1 END AS HasStatus,
                r.CreatedAt AS OriginalAt
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = @ChannelID
                AND r.Superseded = 0
                AND r.WithdrawnAt IS NULL
                AND (r.CorrectedAt IS NULL OR @Original = 1)
                AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
                AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
            UNION ALL
            SELECT
                c.ReadingID,
                c.ChannelID,
                c.Epoch,
                c.EntryID,
                c.CreatedAt,
                c.Field#, -- each field
                c.Latitude,
                c.Longitude,
                c.Elevation,
                CAST(0 AS BIT),
                c.ImportedAt,
                CAST(NULL AS DATETIME2(6)),
                CASE WHEN c.Status IS NULL THEN 0 ELSE 1 END,
                c.OriginalAt
            FROM iot.CorrectedReadings AS c
            WHERE c.ChannelID = @ChannelID
                AND @Original = 0
                AND (@StartAt IS NULL OR c.CreatedAt >= @StartAt)
                AND (@EndAt IS NULL OR c.CreatedAt < @EndAt)
        ) AS x
        ORDER BY x.CreatedAt, x.Epoch, x.EntryID
    ) AS s
    OUTER APPLY (
        SELECT n.Status
        FROM iot.SensorReadings AS n
        WHERE s.HasStatus = 1 AND n.ReadingID = s.ReadingID AND n.CreatedAt = s.OriginalAt
        UNION ALL
        SELECT a.Status
        FROM iot.SensorReadings_Archive AS a
        WHERE s.HasStatus = 1 AND a.ReadingID = s.ReadingID AND a.CreatedAt = s.OriginalAt
    ) AS t
    ORDER BY s.CreatedAt, s.Epoch, s.EntryID
    OPTION (RECOMPILE, LOOP JOIN);
    RETURN 0;
END;
