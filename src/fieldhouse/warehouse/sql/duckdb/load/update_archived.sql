-- Offered values fill and replace archived ones as they do those that are not archived.
UPDATE iot.SensorReadings_Archive AS r
-- include filled_values
