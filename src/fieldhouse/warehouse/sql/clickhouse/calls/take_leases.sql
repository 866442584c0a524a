-- take_leases(worker, channel_ids, seconds): a worker keeps those of some channels that it has, and takes those
-- that nobody has, for so long, by the warehouse's own clock; which these are.
SELECT now64(6, 'UTC') AS Moment;

INSERT INTO iot.KeptLeases (ChannelID, WorkerName, TakenAt, ExpiresAt, Version)
WITH
held AS (
    SELECT l.* FROM iot.KeptLeases AS l FINAL
    WHERE l.ChannelID IN {channel_ids:Array(Int64)}
)
SELECT
    c.ChannelID, {worker:String},
    if(
        NOT h.Deleted AND h.WorkerName = {worker:String} AND h.ExpiresAt >= {Moment:DateTime64(6, 'UTC')},
        assumeNotNull(h.TakenAt), {Moment:DateTime64(6, 'UTC')}
    ),
    {Moment:DateTime64(6, 'UTC')} + toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000)),
    ifNull(h.Version, 0) + 1
FROM (SELECT DISTINCT arrayJoin({channel_ids:Array(Int64)}) AS ChannelID) AS c
LEFT JOIN held AS h ON h.ChannelID = c.ChannelID
WHERE
    h.ChannelID IS NULL OR h.Deleted OR h.WorkerName = {worker:String}
    OR h.ExpiresAt < {Moment:DateTime64(6, 'UTC')};

SELECT l.ChannelID FROM iot.Leases AS l
WHERE
    l.WorkerName = {worker:String} AND l.ExpiresAt >= {Moment:DateTime64(6, 'UTC')}
    AND l.ChannelID IN {channel_ids:Array(Int64)}
ORDER BY l.ChannelID;
