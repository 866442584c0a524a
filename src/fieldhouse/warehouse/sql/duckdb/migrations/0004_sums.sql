-- The exact sum of each field in each period: with count, least, greatest and deviation a part from which
-- longer periods are merged. Old periods are marked, so that the next refresh fills theirs in.
ALTER TABLE iot.AggregatedData ADD COLUMN Field#Sum DECIMAL(38, 6); -- each field

INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT g.ChannelID, g.AggregationType, g.PeriodStart
FROM iot.AggregatedData AS g
JOIN iot.Channels AS c ON c.ChannelID = g.ChannelID
WHERE c.ArchivedBefore IS NULL OR g.PeriodStart >= c.ArchivedBefore;
