-- What is wrong, to whom it was told, and what is not to be told for a while; requests as alerts count them.
CREATE TABLE iot.Alerts (
    AlertID BIGINT IDENTITY (1, 1) NOT NULL,
    RuleName NVARCHAR(40) NOT NULL,
    Severity NVARCHAR(10) NOT NULL,
    SeverityLevel INT NOT NULL,
    ChannelID BIGINT NOT NULL,
    FieldNumber INT NOT NULL,
    SinceAt DATETIME2(6) NOT NULL,
    SeenAt DATETIME2(6) NOT NULL,
    OpenedAt DATETIME2(6),
    LastSeenAt DATETIME2(6) NOT NULL,
    QuietSince DATETIME2(6),
    ResolvedAt DATETIME2(6),
    Flaps INT NOT NULL,
    Figure FLOAT,
    Summary NVARCHAR(500) NOT NULL,
    NoticeID BIGINT,
    AcknowledgedAt DATETIME2(6),
    AcknowledgedBy NVARCHAR(100),
    CONSTRAINT PK_Alerts PRIMARY KEY CLUSTERED (AlertID)
);
CREATE TABLE iot.AlertNotices (
    NoticeID BIGINT NOT NULL,
    NoticeKind NVARCHAR(10) NOT NULL,
    Receiver NVARCHAR(40) NOT NULL,
    RuleName NVARCHAR(40) NOT NULL,
    MadeAt DATETIME2(6) NOT NULL,
    DueAt DATETIME2(6) NOT NULL,
    Attempts INT NOT NULL,
    ClaimedBy NVARCHAR(200),
    ClaimedUntil DATETIME2(6),
    SentAt DATETIME2(6),
    Error NVARCHAR(400),
    CONSTRAINT PK_AlertNotices PRIMARY KEY CLUSTERED (NoticeID, NoticeKind, Receiver),
    CONSTRAINT CK_AlertNotices_Kind CHECK (NoticeKind IN (N'opened', N'ended'))
);
CREATE TABLE iot.AlertSilences (
    SilenceID BIGINT IDENTITY (1, 1) NOT NULL,
    RuleName NVARCHAR(40),
    ChannelID BIGINT,
    SilencedFrom DATETIME2(6) NOT NULL,
    SilencedUntil DATETIME2(6) NOT NULL,
    Reason NVARCHAR(MAX) NOT NULL,
    MadeBy NVARCHAR(100) NOT NULL,
    CONSTRAINT PK_AlertSilences PRIMARY KEY CLUSTERED (SilenceID)
);
CREATE TABLE iot.ApiCalls (
    CountedAt DATETIME2(6) NOT NULL,
    Requests BIGINT NOT NULL,
    Failed BIGINT NOT NULL
);
CREATE CLUSTERED INDEX IX_ApiCalls_CountedAt ON iot.ApiCalls(CountedAt);
