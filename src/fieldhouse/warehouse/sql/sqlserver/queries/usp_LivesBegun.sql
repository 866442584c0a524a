-- usp_LivesBegun(channel_id): the epochs of a channel, and when the first reading of each was made.
CREATE OR ALTER PROCEDURE iot.usp_LivesBegun @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT e.Epoch, e.FirstCreatedAt FROM iot.Epochs AS e WHERE e.ChannelID = @ChannelID ORDER BY e.Epoch;
    RETURN 0;
END;
