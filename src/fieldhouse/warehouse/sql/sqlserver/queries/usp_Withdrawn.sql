-- usp_Withdrawn(channel_id): the readings that their source no longer has, in the order of time.
CREATE OR ALTER PROCEDURE iot.usp_Withdrawn @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.WithdrawnAt IS NOT NULL
    ORDER BY r.CreatedAt, r.Epoch, r.EntryID;
    RETURN 0;
END;
