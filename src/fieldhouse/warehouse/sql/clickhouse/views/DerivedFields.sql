-- Fields that are made of others, and how.
CREATE OR REPLACE VIEW iot.DerivedFields AS
SELECT
    r.ChannelID AS ChannelID, toInt32(r.EntryID) AS FieldNumber, JSONExtractInt(r.State, 'BaseChannelID') AS BaseChannelID,
    JSONExtractInt(r.State, 'WithinSeconds') AS WithinSeconds, JSONExtractString(r.State, 'Expression') AS Expression,
    JSONExtractString(r.State, 'Formula') AS Formula,
    JSONExtract(r.State, 'DefinedAt', 'DateTime64(6, \'UTC\')') AS DefinedAt
FROM iot.Rows AS r FINAL
WHERE r.Kind = 19 AND NOT r.Deleted;
