-- usp_Statuses(channel_id, start_at, end_at, limit): the newest so many readings of a span that have a status text, of
-- those that count, in the order of time; NULL is open, and all of them.
CREATE OR ALTER PROCEDURE iot.usp_Statuses
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Limit BIGINT = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT n.Epoch, n.EntryID, n.CreatedAt, n.Status
    FROM (
        SELECT TOP (COALESCE(@Limit, CAST(9223372036854775807 AS BIGINT)))
            r.Epoch,
            r.EntryID,
            r.CreatedAt,
            r.Status
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID
            AND r.Status IS NOT NULL
            AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
            AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
        ORDER BY r.CreatedAt DESC, r.Epoch DESC, r.EntryID DESC
    ) AS n
    ORDER BY n.CreatedAt, n.Epoch, n.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
