-- How many locks are held in this database now, and how much of its log is in use.
SELECT
    (SELECT COUNT_BIG(*) FROM sys.dm_tran_locks AS l WHERE l.resource_database_id = DB_ID()) AS Locks,
    (SELECT SUM(u.used_log_space_in_bytes) FROM sys.dm_db_log_space_usage AS u) AS Log;
