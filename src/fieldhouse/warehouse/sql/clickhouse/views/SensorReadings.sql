-- The readings that are held and not archived, as their source sent them.
CREATE OR REPLACE VIEW iot.SensorReadings AS
SELECT
-- include reading_columns
FROM iot.AllReadings
WHERE NOT
-- include is_archived
;
