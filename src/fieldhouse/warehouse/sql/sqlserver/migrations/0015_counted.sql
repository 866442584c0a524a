-- Which readings count is said by three columns: the index that every analysis seeks by has all of them, so that times are
-- read without looking them up; index by index the same on both tables, so that a month can be switched.
DROP INDEX IX_SensorReadings_ChannelID_CreatedAt ON iot.SensorReadings;
CREATE NONCLUSTERED INDEX IX_SensorReadings_ChannelID_CreatedAt ON iot.SensorReadings(ChannelID, CreatedAt DESC) INCLUDE (Superseded, WithdrawnAt, CorrectedAt);
DROP INDEX IX_SensorReadings_Archive_ChannelID_CreatedAt ON iot.SensorReadings_Archive;
CREATE NONCLUSTERED INDEX IX_SensorReadings_Archive_ChannelID_CreatedAt ON iot.SensorReadings_Archive(ChannelID, CreatedAt DESC) INCLUDE (Superseded, WithdrawnAt, CorrectedAt);
GO

-- Models are thousands of rows a channel: one that is judged must not lock the tables, and with them all others.
IF SERVERPROPERTY('BabelfishVersion') IS NULL
BEGIN
    ALTER TABLE iot.AnomalyMarks SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.AnomalyModels SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.AnomalyModelsKept SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.AnomalySpells SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.DerivedMarks SET (LOCK_ESCALATION = DISABLE);
END;
