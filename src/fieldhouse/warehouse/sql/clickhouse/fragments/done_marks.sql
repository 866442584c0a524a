-- INSERT: the marks t, as they were read, are done. One that was set again meanwhile is another, and stays.
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, ColumnName, EntryID, Done)
SELECT t.ChannelID, 3, t.PeriodStart, t.AggregationType, t.Number, t.Mark
