-- usp_ReadingSpan(channel_id, as_of): the first and the newest reading that counts, archived ones too, of those before
-- an instant, and how many they are.
CREATE OR ALTER PROCEDURE iot.usp_ReadingSpan @ChannelID INT, @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT MIN(r.CreatedAt) AS FirstAt, MAX(r.CreatedAt) AS NewestAt, COUNT_BIG(*) AS Readings
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.Superseded = 0 AND r.WithdrawnAt IS NULL AND r.CreatedAt < @AsOfTime;
    RETURN 0;
END;
