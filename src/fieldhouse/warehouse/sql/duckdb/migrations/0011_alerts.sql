-- What is wrong, to whom it was told, and what is not to be told for a while; requests as alerts count them.
CREATE SEQUENCE iot.AlertIDs;
CREATE TABLE iot.Alerts (
    AlertID BIGINT NOT NULL DEFAULT nextval('iot.AlertIDs'),
    RuleName VARCHAR NOT NULL,
    Severity VARCHAR NOT NULL,
    SeverityLevel INTEGER NOT NULL,
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    SinceAt TIMESTAMP NOT NULL,
    SeenAt TIMESTAMP NOT NULL,
    OpenedAt TIMESTAMP,
    LastSeenAt TIMESTAMP NOT NULL,
    QuietSince TIMESTAMP,
    ResolvedAt TIMESTAMP,
    Flaps INTEGER NOT NULL,
    Figure DOUBLE,
    Summary VARCHAR NOT NULL,
    NoticeID BIGINT,
    AcknowledgedAt TIMESTAMP,
    AcknowledgedBy VARCHAR
);
CREATE SEQUENCE iot.NoticeIDs;
CREATE TABLE iot.AlertNotices (
    NoticeID BIGINT NOT NULL,
    NoticeKind VARCHAR NOT NULL,
    Receiver VARCHAR NOT NULL,
    RuleName VARCHAR NOT NULL,
    MadeAt TIMESTAMP NOT NULL,
    DueAt TIMESTAMP NOT NULL,
    Attempts INTEGER NOT NULL,
    ClaimedBy VARCHAR,
    ClaimedUntil TIMESTAMP,
    SentAt TIMESTAMP,
    Error VARCHAR,
    CONSTRAINT CK_AlertNotices_Kind CHECK (NoticeKind IN ('opened', 'ended'))
);
CREATE SEQUENCE iot.SilenceIDs;
CREATE TABLE iot.AlertSilences (
    SilenceID BIGINT NOT NULL DEFAULT nextval('iot.SilenceIDs'),
    RuleName VARCHAR,
    ChannelID BIGINT,
    SilencedFrom TIMESTAMP NOT NULL,
    SilencedUntil TIMESTAMP NOT NULL,
    Reason VARCHAR NOT NULL,
    MadeBy VARCHAR NOT NULL
);
CREATE TABLE iot.ApiCalls (
    CountedAt TIMESTAMP NOT NULL,
    Requests BIGINT NOT NULL,
    Failed BIGINT NOT NULL
);
