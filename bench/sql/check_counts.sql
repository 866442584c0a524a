-- How many channels' kept counts are not those of their readings.
SELECT COUNT(*) AS n
FROM (
    SELECT k.ChannelID, k.Readings FROM iot.ReadingCounts AS k
    EXCEPT
    SELECT r.ChannelID, COUNT_BIG(*) FROM iot.AllReadings AS r GROUP BY r.ChannelID
) AS d;
