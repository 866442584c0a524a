-- The ledger of what has been applied; made before anything else.
CREATE SCHEMA IF NOT EXISTS iot;
CREATE TABLE IF NOT EXISTS iot.SchemaMigrations (
    ScriptName VARCHAR NOT NULL,
    Checksum VARCHAR NOT NULL,
    AppliedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    CONSTRAINT PK_SchemaMigrations PRIMARY KEY (ScriptName)
);
