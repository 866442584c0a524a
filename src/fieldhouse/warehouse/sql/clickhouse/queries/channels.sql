-- channels(): every channel with its metadata.
SELECT c.* FROM iot.Channels AS c ORDER BY c.ChannelID;
