-- How many deadlock graphs the server's own session of events keeps.
SELECT COUNT(*) AS n
FROM sys.dm_xe_session_targets AS t
JOIN sys.dm_xe_sessions AS s ON s.address = t.event_session_address
CROSS APPLY (
    SELECT CAST(t.target_data AS XML) AS Data
) AS x
CROSS APPLY x.Data.nodes(N'RingBufferTarget/event[@name="xml_deadlock_report"]') AS e (Node)
WHERE s.name = N'system_health' AND t.target_name = N'ring_buffer';
