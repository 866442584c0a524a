-- What brought the schema to where it is.
CREATE OR REPLACE VIEW iot.SchemaMigrations AS
SELECT s.ScriptName AS ScriptName, s.Checksum AS Checksum, s.AppliedAt AS AppliedAt
FROM iot.Scripts AS s FINAL;
