-- SELECT: the days of hours t are to be judged for what is unusual, as rows of iot.Rows.
SELECT DISTINCT t.ChannelID, 17, toStartOfDay(t.PeriodStart), toUnixTimestamp64Nano(now64(9))
