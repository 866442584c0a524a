-- The readings that count: all but those that a newer epoch has superseded or that their source no longer has.
CREATE OR REPLACE VIEW iot.CurrentReadings AS
SELECT * FROM iot.SensorReadings WHERE NOT Superseded AND WithdrawnAt IS NULL;
