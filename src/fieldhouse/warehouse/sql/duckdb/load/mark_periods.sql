-- Periods that changed readings fall in. A period may be marked twice; the refresh takes it once.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT ChannelID, AggregationType, PeriodStart FROM marks;
