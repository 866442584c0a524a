-- SELECT: what is made of the readings of hours t is to be computed anew, as rows of iot.Rows.
SELECT DISTINCT s.ChannelID, 21, t.PeriodStart, toUnixTimestamp64Nano(now64(9))
