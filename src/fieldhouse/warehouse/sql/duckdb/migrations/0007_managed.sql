-- A person's own tags of channels, and since when a channel is not polled.
CREATE TABLE iot.ChannelTags (
    ChannelID BIGINT NOT NULL,
    Tag VARCHAR NOT NULL,
    CONSTRAINT PK_ChannelTags PRIMARY KEY (ChannelID, Tag)
);
ALTER TABLE iot.Channels ADD COLUMN PausedAt TIMESTAMP;
