-- Which channels a derived one is made of.
CREATE OR REPLACE VIEW iot.DerivedSources AS
SELECT r.ChannelID AS ChannelID, r.EntryID AS SourceChannelID
FROM iot.Rows AS r FINAL
WHERE r.Kind = 20 AND NOT r.Deleted;
