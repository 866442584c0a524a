-- The ledger of what has been applied; made before anything else.
IF SCHEMA_ID(N'iot') IS NULL
    EXEC sp_executesql N'CREATE SCHEMA iot AUTHORIZATION dbo';
IF OBJECT_ID(N'iot.SchemaMigrations', N'U') IS NULL
    CREATE TABLE iot.SchemaMigrations (
        ScriptName NVARCHAR(200) NOT NULL,
        Checksum CHAR(64) NOT NULL,
        AppliedAt DATETIME2(6) NOT NULL CONSTRAINT DF_SchemaMigrations_AppliedAt DEFAULT SYSUTCDATETIME(),
        CONSTRAINT PK_SchemaMigrations PRIMARY KEY CLUSTERED (ScriptName)
    );
