-- The archived readings, as they stood in SensorReadings.
CREATE OR REPLACE VIEW iot.SensorReadings_Archive AS
SELECT
-- include reading_columns
FROM iot.AllReadings
WHERE
-- include is_archived
;
