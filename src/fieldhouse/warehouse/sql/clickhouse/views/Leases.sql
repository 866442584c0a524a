-- Which worker has which channel for the time being.
CREATE OR REPLACE VIEW iot.Leases AS
SELECT l.ChannelID AS ChannelID, l.WorkerName AS WorkerName, l.TakenAt AS TakenAt, l.ExpiresAt AS ExpiresAt
FROM iot.KeptLeases AS l FINAL
WHERE NOT l.Deleted;
