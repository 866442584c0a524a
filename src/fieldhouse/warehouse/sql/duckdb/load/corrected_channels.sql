-- Of these channels, those that rules of iot.Corrections are about.
SELECT DISTINCT k.ChannelID
FROM iot.Corrections AS k
WHERE k.RemovedAt IS NULL AND list_contains($channel_ids::BIGINT[], k.ChannelID);
