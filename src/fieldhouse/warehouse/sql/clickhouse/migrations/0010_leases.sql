-- The workers that poll, and which channels each has for the time being: iot.Workers and iot.Leases are views. Of a
-- key's rows the one of the highest Version stands; each follows the one that was read, so no clock decides.
CREATE TABLE IF NOT EXISTS iot.KeptWorkers (
    WorkerName String,
    StartedAt DateTime64(6, 'UTC'),
    SeenAt DateTime64(6, 'UTC'),
    ExpiresAt DateTime64(6, 'UTC'),
    Deleted Bool DEFAULT FALSE,
    Version Int64
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY WorkerName;

CREATE TABLE IF NOT EXISTS iot.KeptLeases (
    ChannelID Int64,
    WorkerName String,
    TakenAt DateTime64(6, 'UTC'),
    ExpiresAt DateTime64(6, 'UTC'),
    Deleted Bool DEFAULT FALSE,
    Version Int64
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY ChannelID;
