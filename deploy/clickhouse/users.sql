-- Who may do what. Run once, as an administrator, after the first `fieldhouse migrate`; on one server without
-- ON CLUSTER. The passwords are of your own: CREATE USER asks for their SHA-256.
--   iot_owner   makes and changes the tables and views: `migrate`
--   iot_loader  loads, refreshes, records: `run`, `serve`
--   iot_reader  asks: `status`, `query`, `export`, any client
CREATE ROLE IF NOT EXISTS iot_reader, iot_loader, iot_owner ON CLUSTER fieldhouse;

GRANT ON CLUSTER fieldhouse SELECT, SHOW ON iot.* TO iot_reader;
GRANT ON CLUSTER fieldhouse SELECT ON system.tables TO iot_reader;

GRANT ON CLUSTER fieldhouse iot_reader TO iot_loader;
GRANT ON CLUSTER fieldhouse INSERT, ALTER DELETE ON iot.* TO iot_loader;
-- a lock is a table (iot.Lock_9 a channel's; iot.Lock_alerts, iot.Lock_leases); a statement that is no longer wanted is killed by who asked it
GRANT ON CLUSTER fieldhouse CREATE TABLE, DROP TABLE ON iot.* TO iot_loader;
GRANT ON CLUSTER fieldhouse SELECT ON system.parts TO iot_loader;
GRANT ON CLUSTER fieldhouse CLUSTER ON *.* TO iot_loader, iot_owner;

GRANT ON CLUSTER fieldhouse iot_loader TO iot_owner;
GRANT ON CLUSTER fieldhouse CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER ON iot.* TO iot_owner;
GRANT ON CLUSTER fieldhouse REMOTE ON *.* TO iot_owner;

-- CREATE USER loader ON CLUSTER fieldhouse IDENTIFIED WITH sha256_hash BY '…' DEFAULT ROLE iot_loader;
-- GRANT ON CLUSTER fieldhouse iot_loader TO loader;
