-- The readings that count, as the rules of iot.Corrections leave them: all but those that a newer epoch has
-- superseded, that their source no longer has, or that a rule excludes.
CREATE OR REPLACE VIEW iot.CurrentReadings AS
-- include counted_readings
    AND NOT arrayExists(
        c -> OriginalAt < c.1 AND ImportedAt <= c.2,
        (SELECT groupArray((k.CutBefore, k.CutAt)) FROM iot.ArchiveCuts AS k)
    );
