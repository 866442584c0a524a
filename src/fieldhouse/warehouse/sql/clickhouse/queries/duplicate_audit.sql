-- duplicate_audit(): keys of UQ_ChannelEntry that more than one reading has; none, if all is well.
SELECT r.ChannelID, r.Epoch, r.EntryID, count() AS Readings
FROM iot.AllReadings AS r
GROUP BY r.ChannelID, r.Epoch, r.EntryID
HAVING count() > 1
ORDER BY r.ChannelID, r.Epoch, r.EntryID;
