-- usp_NewestFrom(channel_id, start_at, end_at, limit): when the oldest of the newest so many readings of a span was made,
-- of those that count; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_NewestFrom
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Limit BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT TOP (1) n.CreatedAt
    FROM (
        SELECT TOP (@Limit) r.CreatedAt
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID
            AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
            AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
        ORDER BY r.CreatedAt DESC
    ) AS n
    ORDER BY n.CreatedAt
    OPTION (RECOMPILE);
    RETURN 0;
END;
