-- usp_Readings(channel_id, start_at, end_at): the readings that count, archived ones too, in the order of
-- time; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_Readings
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        r.ReadingID,
        r.ChannelID,
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        r.Field1,
        r.Field2,
        r.Field3,
        r.Field4,
        r.Field5,
        r.Field6,
        r.Field7,
        r.Field8,
        r.Latitude,
        r.Longitude,
        r.Elevation,
        r.Status,
        r.Superseded,
        r.ImportedAt,
        r.WithdrawnAt
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID
        AND r.Superseded = 0
        AND r.WithdrawnAt IS NULL
        AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
        AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
    ORDER BY r.CreatedAt, r.Epoch, r.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
