-- Batches that were loaded, so that none is twice.
CREATE OR REPLACE VIEW iot.LoadLedger AS
SELECT r.RawValue AS BatchHash, assumeNotNull(r.ImportedAt) AS LoadedAt
FROM iot.Rows AS r FINAL
WHERE r.Kind = 5 AND NOT r.Deleted;
