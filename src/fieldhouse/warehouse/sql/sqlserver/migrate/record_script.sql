-- A script has been applied; an object's again.
DELETE FROM iot.SchemaMigrations
WHERE ScriptName = @ScriptName;
INSERT INTO iot.SchemaMigrations (ScriptName, Checksum)
VALUES (@ScriptName, @Checksum);
