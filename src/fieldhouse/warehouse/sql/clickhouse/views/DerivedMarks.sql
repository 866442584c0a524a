-- Hours whose derived readings are to be computed anew. Mark is what is said to be done: the mark as it was read.
CREATE OR REPLACE VIEW iot.DerivedMarks AS
SELECT r.ChannelID AS ChannelID, r.CreatedAt AS Hour, assumeNotNull(r.Mark) AS Mark
FROM iot.Rows AS r FINAL
WHERE r.Kind = 21 AND r.Mark <> ifNull(r.Done, 0);
