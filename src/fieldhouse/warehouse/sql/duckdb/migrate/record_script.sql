-- A script has been applied; an object's again.
INSERT INTO iot.SchemaMigrations (ScriptName, Checksum)
VALUES ($name, $checksum)
ON CONFLICT (ScriptName) DO UPDATE SET Checksum = excluded.Checksum, AppliedAt = excluded.AppliedAt;
