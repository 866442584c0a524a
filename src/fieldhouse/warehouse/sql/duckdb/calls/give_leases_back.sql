-- give_leases_back(worker, channel_ids): a worker has some channels no longer. No channel ids: none of them, and
-- it is gone.
DELETE FROM iot.Leases AS l
WHERE
    l.WorkerName = $worker
    AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], l.ChannelID));
DELETE FROM iot.Workers AS w
WHERE w.WorkerName = $worker AND $channel_ids::BIGINT[] IS NULL;
