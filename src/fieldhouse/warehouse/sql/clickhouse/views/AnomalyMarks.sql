-- Days that are still to be judged for what is unusual. Mark is what a refresh says to be done: the mark as it was read.
CREATE OR REPLACE VIEW iot.AnomalyMarks AS
SELECT r.ChannelID AS ChannelID, toDate32(r.CreatedAt) AS Day, assumeNotNull(r.Mark) AS Mark
FROM iot.Rows AS r FINAL
WHERE r.Kind = 17 AND r.Mark <> ifNull(r.Done, 0);
