-- Every hour that is held is marked, as if late readings had come in all of them.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT g.ChannelID, g.AggregationType, g.PeriodStart
FROM iot.AggregatedData AS g
WHERE g.AggregationType = N'HOURLY';
