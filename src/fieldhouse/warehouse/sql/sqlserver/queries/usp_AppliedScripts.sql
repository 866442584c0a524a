-- usp_AppliedScripts(): what has been applied, and with which text.
CREATE OR ALTER PROCEDURE iot.usp_AppliedScripts
AS
BEGIN
    SET NOCOUNT ON;
    SELECT m.ScriptName, m.Checksum FROM iot.SchemaMigrations AS m;
    RETURN 0;
END;
