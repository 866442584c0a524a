-- workers(): the workers that are there, and how many channels each has.
SELECT
    w.WorkerName, w.StartedAt, w.SeenAt, w.ExpiresAt,
    (
        SELECT count(*) FROM iot.Leases AS l
        WHERE l.WorkerName = w.WorkerName AND l.ExpiresAt >= make_timestamp(epoch_us(now()))
    ) AS Channels
FROM iot.Workers AS w
WHERE w.ExpiresAt >= make_timestamp(epoch_us(now()))
ORDER BY w.WorkerName;
