-- What the server has kept of the statements of our procedures: plan, memory grant, spills.
SELECT
    OBJECT_NAME(t.objectid, t.dbid) AS Name,
    CAST(p.query_plan AS NVARCHAR(MAX)) AS QueryPlan,
    s.max_grant_kb AS GrantKB,
    s.max_spills AS Spills
FROM sys.dm_exec_query_stats AS s
CROSS APPLY sys.dm_exec_sql_text(s.sql_handle) AS t
CROSS APPLY sys.dm_exec_text_query_plan(s.plan_handle, s.statement_start_offset, s.statement_end_offset) AS p
WHERE t.dbid = DB_ID() AND OBJECT_SCHEMA_NAME(t.objectid, t.dbid) = N'iot';
