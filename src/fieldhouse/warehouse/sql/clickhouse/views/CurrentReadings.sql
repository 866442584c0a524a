-- The readings that count, as the rules of iot.Corrections leave them: all but those that a newer epoch has
-- superseded, that their source no longer has, or that a rule excludes.
CREATE OR REPLACE VIEW iot.CurrentReadings AS
SELECT
-- include counted_columns
FROM iot.AllReadings AS r
WHERE
    NOT r.Superseded AND r.WithdrawnAt IS NULL AND r.CorrectedAt IS NULL AND NOT
-- include is_archived
UNION ALL
SELECT
-- include corrected_columns
FROM iot.CorrectedReadings AS c
WHERE NOT c.IsArchived;
