-- A person's own tags of channels, and since when a channel is not polled.
CREATE TABLE iot.ChannelTags (
    ChannelID INT NOT NULL,
    Tag NVARCHAR(64) NOT NULL,
    CONSTRAINT PK_ChannelTags PRIMARY KEY CLUSTERED (ChannelID, Tag)
);
ALTER TABLE iot.Channels ADD PausedAt DATETIME2(6);
