-- Offered values fill and replace ours; an offered NULL never erases.
UPDATE iot.SensorReadings AS r
-- include filled_values
