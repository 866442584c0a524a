-- Scripts have been applied; an object's again.
INSERT INTO iot.SchemaMigrations (ScriptName, Checksum)
SELECT unnest($names), unnest($checksums)
ON CONFLICT (ScriptName) DO UPDATE SET Checksum = excluded.Checksum, AppliedAt = excluded.AppliedAt;
