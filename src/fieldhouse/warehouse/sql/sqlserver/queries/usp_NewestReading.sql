-- usp_NewestReading(channel_id, as_of): when the newest reading that counts was made, of those before an instant.
CREATE OR ALTER PROCEDURE iot.usp_NewestReading @ChannelID INT, @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT MAX(r.CreatedAt) AS CreatedAt
    FROM iot.CurrentReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt < @AsOfTime;
    RETURN 0;
END;
