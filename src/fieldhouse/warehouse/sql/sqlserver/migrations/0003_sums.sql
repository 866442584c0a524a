-- The exact sum of each field in each period: with count, least, greatest and deviation a part from which
-- longer periods are merged. Old periods are marked, so that the next refresh fills theirs in. The index that
-- every analysis seeks by says which readings count, so that their times are read without looking them up;
-- index by index the same on both tables, so that a month can be switched.
ALTER TABLE iot.AggregatedData ADD Field#Sum DECIMAL(38, 6); -- each field
GO

INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT g.ChannelID, g.AggregationType, g.PeriodStart
FROM iot.AggregatedData AS g
JOIN iot.Channels AS c ON c.ChannelID = g.ChannelID
WHERE c.ArchivedBefore IS NULL OR g.PeriodStart >= c.ArchivedBefore;
GO

DROP INDEX IX_SensorReadings_ChannelID_CreatedAt ON iot.SensorReadings;
CREATE NONCLUSTERED INDEX IX_SensorReadings_ChannelID_CreatedAt ON iot.SensorReadings(ChannelID, CreatedAt DESC) INCLUDE (Superseded);
DROP INDEX IX_SensorReadings_Archive_ChannelID_CreatedAt ON iot.SensorReadings_Archive;
CREATE NONCLUSTERED INDEX IX_SensorReadings_Archive_ChannelID_CreatedAt ON iot.SensorReadings_Archive(ChannelID, CreatedAt DESC) INCLUDE (Superseded);
