-- Your own tags of channels.
CREATE OR REPLACE VIEW iot.ChannelTags AS
SELECT r.ChannelID AS ChannelID, r.RawValue AS Tag
FROM iot.Rows AS r FINAL
WHERE r.Kind = 15 AND NOT r.Deleted;
