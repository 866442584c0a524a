-- The workers that poll.
CREATE OR REPLACE VIEW iot.Workers AS
SELECT w.WorkerName AS WorkerName, w.StartedAt AS StartedAt, w.SeenAt AS SeenAt, w.ExpiresAt AS ExpiresAt
FROM iot.KeptWorkers AS w FINAL
WHERE NOT w.Deleted;
