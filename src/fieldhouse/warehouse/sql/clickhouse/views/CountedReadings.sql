-- The readings that count, as iot.CurrentReadings has them, archived ones among them.
CREATE OR REPLACE VIEW iot.CountedReadings AS
SELECT
-- include counted_columns
FROM iot.AllReadings AS r
WHERE NOT r.Superseded AND r.WithdrawnAt IS NULL AND r.CorrectedAt IS NULL
UNION ALL
SELECT
-- include corrected_columns
FROM iot.CorrectedReadings AS c;
