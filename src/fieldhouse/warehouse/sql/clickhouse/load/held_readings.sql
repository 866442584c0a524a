-- The readings that are held of these entries, and of what lies between them.
SELECT
-- include held_columns
FROM iot.AllReadings AS r
WHERE
-- include of_entries
;
