-- The workers that poll, and which channels each has for the time being.
CREATE TABLE iot.Workers (
    WorkerName NVARCHAR(100) NOT NULL,
    StartedAt DATETIME2(6) NOT NULL,
    SeenAt DATETIME2(6) NOT NULL,
    ExpiresAt DATETIME2(6) NOT NULL,
    CONSTRAINT PK_Workers PRIMARY KEY CLUSTERED (WorkerName)
);
CREATE TABLE iot.Leases (
    ChannelID INT NOT NULL,
    WorkerName NVARCHAR(100) NOT NULL,
    TakenAt DATETIME2(6) NOT NULL,
    ExpiresAt DATETIME2(6) NOT NULL,
    CONSTRAINT PK_Leases PRIMARY KEY CLUSTERED (ChannelID)
);
