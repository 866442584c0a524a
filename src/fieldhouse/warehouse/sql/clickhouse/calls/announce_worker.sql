-- announce_worker(worker, seconds): a worker is there for so long, by the warehouse's own clock; those that
-- are there. One that was gone begins anew; one that is gone for a day is forgotten.
SELECT
    now64(6, 'UTC') AS Moment,
    (
        SELECT count() FROM iot.KeptWorkers AS w FINAL
        WHERE w.ExpiresAt < now64(6, 'UTC') - INTERVAL 1 DAY
    ) > 0 AS Forgets;

-- if Forgets
DELETE FROM iot.KeptWorkers WHERE ExpiresAt < {Moment:DateTime64(6, 'UTC')} - INTERVAL 1 DAY;

INSERT INTO iot.KeptWorkers (WorkerName, StartedAt, SeenAt, ExpiresAt, Version)
SELECT
    {worker:String},
    ifNull(
        maxOrNullIf(w.StartedAt, NOT w.Deleted AND w.ExpiresAt >= {Moment:DateTime64(6, 'UTC')}),
        {Moment:DateTime64(6, 'UTC')}
    ),
    {Moment:DateTime64(6, 'UTC')},
    {Moment:DateTime64(6, 'UTC')} + toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000)),
    max(w.Version) + 1
FROM iot.KeptWorkers AS w FINAL
WHERE w.WorkerName = {worker:String};

SELECT w.WorkerName FROM iot.Workers AS w
WHERE w.ExpiresAt >= {Moment:DateTime64(6, 'UTC')}
ORDER BY w.WorkerName;
