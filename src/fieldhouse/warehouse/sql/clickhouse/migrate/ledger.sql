-- The ledger of what has been applied; made before anything else.
CREATE DATABASE IF NOT EXISTS {database:Identifier};
CREATE TABLE IF NOT EXISTS iot.Scripts (
    ScriptName String,
    Checksum String,
    AppliedAt DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(AppliedAt)
ORDER BY ScriptName;
