-- An archived reading is superseded as any other is.
UPDATE iot.SensorReadings_Archive AS r
-- include superseded
