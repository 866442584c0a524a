-- The workers that poll, and which channels each has for the time being.
CREATE TABLE iot.Workers (
    WorkerName VARCHAR NOT NULL,
    StartedAt TIMESTAMP NOT NULL,
    SeenAt TIMESTAMP NOT NULL,
    ExpiresAt TIMESTAMP NOT NULL,
    CONSTRAINT PK_Workers PRIMARY KEY (WorkerName)
);
CREATE TABLE iot.Leases (
    ChannelID BIGINT NOT NULL,
    WorkerName VARCHAR NOT NULL,
    TakenAt TIMESTAMP NOT NULL,
    ExpiresAt TIMESTAMP NOT NULL,
    CONSTRAINT PK_Leases PRIMARY KEY (ChannelID)
);
