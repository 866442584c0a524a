-- usp_ChannelTags(): every tag of every channel, by channel.
CREATE OR ALTER PROCEDURE iot.usp_ChannelTags
AS
BEGIN
    SET NOCOUNT ON;
    SELECT t.ChannelID, t.Tag FROM iot.ChannelTags AS t ORDER BY t.ChannelID, t.Tag;
    RETURN 0;
END;
