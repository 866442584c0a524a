-- usp_FirstsOfBuckets(channel_id, start_at, end_at, seconds): the first reading of each bucket of so many seconds,
-- counted from 1970, of those that count, in the order of time; NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_FirstsOfBuckets
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Seconds INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        p.ChannelID,
        p.Epoch,
        p.EntryID,
        p.CreatedAt,
        p.Field#, -- each field
        p.Latitude,
        p.Longitude,
        p.Elevation,
        p.Status
    FROM (
        SELECT
            r.ChannelID,
            r.Epoch,
            r.EntryID,
            r.CreatedAt,
            r.Field#, -- each field
            r.Latitude,
            r.Longitude,
            r.Elevation,
            r.Status,
            ROW_NUMBER() OVER (
                PARTITION BY s.AtSecond - (s.AtSecond % @Seconds + @Seconds) % @Seconds
                ORDER BY r.CreatedAt, r.Epoch, r.EntryID
            ) AS Place
        FROM iot.CountedReadings AS r
        CROSS APPLY (
            SELECT DATEDIFF_BIG(SECOND, '1970-01-01', r.CreatedAt) AS AtSecond
        ) AS s
        WHERE r.ChannelID = @ChannelID
            AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
            AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
    ) AS p
    WHERE p.Place = 1
    ORDER BY p.CreatedAt, p.Epoch, p.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
