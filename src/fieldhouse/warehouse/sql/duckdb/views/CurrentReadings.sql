-- The readings that count: all but those that a newer epoch has superseded.
CREATE OR REPLACE VIEW iot.CurrentReadings AS
SELECT * FROM iot.SensorReadings WHERE NOT Superseded;
