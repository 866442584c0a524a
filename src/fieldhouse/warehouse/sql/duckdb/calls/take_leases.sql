-- take_leases(worker, channel_ids, seconds): a worker keeps those of some channels that it has, and takes those
-- that nobody has, for so long, by the warehouse's own clock; which these are.
SET VARIABLE moment = make_timestamp(epoch_us(now()));
INSERT INTO iot.Leases AS l (ChannelID, WorkerName, TakenAt, ExpiresAt)
SELECT DISTINCT c.ChannelID, $worker, getvariable('moment'), getvariable('moment') + to_seconds($seconds)
FROM (SELECT unnest($channel_ids::BIGINT[]) AS ChannelID) AS c
ON CONFLICT (ChannelID) DO UPDATE SET
    TakenAt = CASE
        WHEN l.WorkerName = excluded.WorkerName AND l.ExpiresAt >= excluded.TakenAt THEN l.TakenAt
        ELSE excluded.TakenAt
    END,
    WorkerName = excluded.WorkerName,
    ExpiresAt = excluded.ExpiresAt
WHERE l.WorkerName = excluded.WorkerName OR l.ExpiresAt < excluded.TakenAt;

SELECT l.ChannelID FROM iot.Leases AS l
WHERE
    l.WorkerName = $worker AND l.ExpiresAt >= getvariable('moment')
    AND list_contains($channel_ids::BIGINT[], l.ChannelID)
ORDER BY l.ChannelID;
