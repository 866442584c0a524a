-- archive_readings(before): move the readings of all channels from before an instant to the archive; how
-- many. Nothing before it is recomputed from then on, for any channel that has readings.
SET VARIABLE moved = (SELECT count(*) FROM iot.SensorReadings AS r WHERE r.CreatedAt < $before::TIMESTAMP);

UPDATE iot.Channels AS c
SET ArchivedBefore = greatest(c.ArchivedBefore, $before::TIMESTAMP)
WHERE c.ChannelID IN (SELECT r.ChannelID FROM iot.AllReadings AS r);

-- in the order in which it is asked for, so that zone maps narrow the reads
INSERT INTO iot.SensorReadings_Archive (
    ReadingID, ChannelID, Epoch, EntryID, CreatedAt,
    Field1, Field2, Field3, Field4, Field5, Field6, Field7, Field8,
    Latitude, Longitude, Elevation, Status, Superseded, ImportedAt, WithdrawnAt, CorrectedAt
)
SELECT
    r.ReadingID, r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt,
    r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8,
    r.Latitude, r.Longitude, r.Elevation, r.Status, r.Superseded, r.ImportedAt, r.WithdrawnAt, r.CorrectedAt
FROM iot.SensorReadings AS r
WHERE r.CreatedAt < $before::TIMESTAMP
ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID;

DELETE FROM iot.SensorReadings AS r WHERE r.CreatedAt < $before::TIMESTAMP;
UPDATE iot.CorrectedReadings SET IsArchived = TRUE WHERE OriginalAt < $before::TIMESTAMP AND NOT IsArchived;

SELECT getvariable('moved') AS Readings;
