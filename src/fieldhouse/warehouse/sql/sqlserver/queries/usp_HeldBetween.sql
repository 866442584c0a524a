-- usp_HeldBetween(channel_id, start_at, end_at): what every epoch holds in a span, both ends included.
CREATE OR ALTER PROCEDURE iot.usp_HeldBetween @ChannelID INT, @StartAt DATETIME2(6), @EndAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        CAST(CASE WHEN r.WithdrawnAt IS NULL THEN 0 ELSE 1 END AS BIT) AS IsWithdrawn
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt BETWEEN @StartAt AND @EndAt
    ORDER BY r.CreatedAt, r.EntryID, r.Epoch
    OPTION (RECOMPILE);
    RETURN 0;
END;
