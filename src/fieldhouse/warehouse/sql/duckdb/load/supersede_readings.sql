-- Of the readings of one channel at one instant, the newest epoch's count.
UPDATE iot.SensorReadings AS r
-- include superseded
