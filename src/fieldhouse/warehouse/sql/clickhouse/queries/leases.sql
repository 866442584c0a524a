-- leases(): which worker has which channel, since when and for how long.
SELECT l.ChannelID, l.WorkerName, l.TakenAt, l.ExpiresAt
FROM iot.Leases AS l
WHERE l.ExpiresAt >= now64(6, 'UTC')
ORDER BY l.ChannelID;
