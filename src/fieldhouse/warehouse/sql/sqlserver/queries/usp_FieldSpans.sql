-- usp_FieldSpans(channel_id, start_at, end_at): when the first and the last reading that counts was made, and which
-- fields have a value; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_FieldSpans
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        MIN(r.CreatedAt) AS FirstAt,
        MAX(r.CreatedAt) AS LastAt,
        CAST(COALESCE(MAX(CASE WHEN r.Field# IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIT) AS HasField#, -- each field
        COUNT_BIG(*) AS Readings
    FROM iot.CountedReadings AS r
    WHERE r.ChannelID = @ChannelID
        AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
        AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
    OPTION (RECOMPILE);
    RETURN 0;
END;
