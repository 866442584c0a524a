-- workers(): the workers that are there, and how many channels each has.
WITH
now64(6, 'UTC') AS instant,
held AS (
    SELECT l.WorkerName AS WorkerName, count() AS Channels FROM iot.Leases AS l
    WHERE l.ExpiresAt >= instant
    GROUP BY l.WorkerName
)
SELECT
    w.WorkerName AS WorkerName, w.StartedAt AS StartedAt, w.SeenAt AS SeenAt, w.ExpiresAt AS ExpiresAt,
    coalesce(h.Channels, 0) AS Channels
FROM iot.Workers AS w
LEFT JOIN held AS h ON h.WorkerName = w.WorkerName
WHERE w.ExpiresAt >= instant
ORDER BY w.WorkerName;
