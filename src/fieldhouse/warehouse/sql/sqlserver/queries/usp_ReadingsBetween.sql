-- usp_ReadingsBetween(start_at, end_at): all channels' readings of a span, end excluded, archived
-- ones included.
CREATE OR ALTER PROCEDURE iot.usp_ReadingsBetween @StartAt DATETIME2(6), @EndAt DATETIME2(6)
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
    WHERE r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
    ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID;
    RETURN 0;
END;
