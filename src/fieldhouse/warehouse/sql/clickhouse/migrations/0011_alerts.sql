-- What is wrong, to whom it was told, and what is not to be told for a while; requests as alerts count them. That an
-- alert is told, and the messages that tell it, are one insert: so both stand in one table, of which iot.Alerts and
-- iot.AlertNotices are views. Kind 1 is an alert, 2 a message; ID its number. Of a key's rows the one of the highest
-- Version stands; each follows the one that was read, so no clock decides.
CREATE TABLE IF NOT EXISTS iot.Incidents (
    Kind Int8,
    ID Int64,
    NoticeKind String DEFAULT '',
    Receiver String DEFAULT '',
    RuleName String,
    Severity LowCardinality(String) DEFAULT '',
    SeverityLevel Int32 DEFAULT 0,
    ChannelID Int64 DEFAULT 0,
    FieldNumber Int32 DEFAULT 0,
    SinceAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    SeenAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    OpenedAt Nullable(DateTime64(6, 'UTC')),
    LastSeenAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    QuietSince Nullable(DateTime64(6, 'UTC')),
    ResolvedAt Nullable(DateTime64(6, 'UTC')),
    Flaps Int32 DEFAULT 0,
    Figure Nullable(Float64),
    Summary String DEFAULT '',
    NoticeID Nullable(Int64),
    AcknowledgedAt Nullable(DateTime64(6, 'UTC')),
    AcknowledgedBy Nullable(String),
    MadeAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    DueAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC'),
    Attempts Int32 DEFAULT 0,
    ClaimedBy Nullable(String),
    ClaimedUntil Nullable(DateTime64(6, 'UTC')),
    SentAt Nullable(DateTime64(6, 'UTC')),
    Error Nullable(String),
    Deleted Bool DEFAULT FALSE,
    Version Int64,
    CONSTRAINT CK_Incidents_Kind CHECK Kind = 1 OR NoticeKind IN ('opened', 'ended')
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY (Kind, ID, NoticeKind, Receiver);

CREATE TABLE IF NOT EXISTS iot.Silences (
    SilenceID Int64,
    RuleName Nullable(String),
    ChannelID Nullable(Int64),
    SilencedFrom DateTime64(6, 'UTC'),
    SilencedUntil DateTime64(6, 'UTC'),
    Reason String,
    MadeBy String,
    Version Int64
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY SilenceID;

CREATE TABLE IF NOT EXISTS iot.ApiCalls (
    CountedAt DateTime64(6, 'UTC'),
    Requests Int64,
    Failed Int64
)
ENGINE = SummingMergeTree
ORDER BY CountedAt;
