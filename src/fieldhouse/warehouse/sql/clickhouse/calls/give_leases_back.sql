-- give_leases_back(worker, channel_ids): a worker has some channels no longer. No channel ids: none of them, and
-- it is gone.
INSERT INTO iot.KeptLeases
SELECT l.* REPLACE (TRUE AS Deleted, l.Version + 1 AS Version)
FROM iot.KeptLeases AS l FINAL
WHERE
    l.WorkerName = {worker:String} AND NOT l.Deleted
    AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, l.ChannelID));

INSERT INTO iot.KeptWorkers
SELECT w.* REPLACE (TRUE AS Deleted, w.Version + 1 AS Version)
FROM iot.KeptWorkers AS w FINAL
WHERE w.WorkerName = {worker:String} AND NOT w.Deleted AND has({channel_ids:Array(Nullable(Int64))}, NULL);
