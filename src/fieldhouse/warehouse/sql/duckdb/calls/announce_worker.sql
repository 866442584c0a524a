-- announce_worker(worker, seconds): a worker is there for so long, by the warehouse's own clock; those that
-- are there. One that was gone begins anew; one that is gone for a day is forgotten.
SET VARIABLE moment = make_timestamp(epoch_us(now()));
DELETE FROM iot.Workers AS w
WHERE w.ExpiresAt < getvariable('moment') - INTERVAL 1 DAY;

INSERT INTO iot.Workers AS w (WorkerName, StartedAt, SeenAt, ExpiresAt)
VALUES (
    $worker, getvariable('moment'), getvariable('moment'), getvariable('moment') + to_seconds($seconds)
)
ON CONFLICT (WorkerName) DO UPDATE SET
    StartedAt = CASE WHEN w.ExpiresAt < excluded.SeenAt THEN excluded.SeenAt ELSE w.StartedAt END,
    SeenAt = excluded.SeenAt,
    ExpiresAt = excluded.ExpiresAt;

SELECT w.WorkerName FROM iot.Workers AS w
WHERE w.ExpiresAt >= getvariable('moment')
ORDER BY w.WorkerName;
