-- channels(): every channel with its metadata.
SELECT * FROM iot.Channels ORDER BY ChannelID;
