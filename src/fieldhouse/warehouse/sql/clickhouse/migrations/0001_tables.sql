-- The tables. ClickHouse commits one insert of one block into one table whole, and nothing more: so all that a
-- load, or a finding about readings, changes together stands in one table, each kind of row with its number, and
-- the tables of the other engines are views of it. No PARTITION BY, which would cost the atomicity.
--   1 a reading           2 a text beside it     3 a mark of a period   4 a rejected entry   5 a batch that was loaded
--   6 an epoch's state    7 a channel's labels   8 a dispute            9 re-imports         10 a rule of correction
--   11 a corrected reading   12 a channel's metadata   13 whether it is polled   14 its archive   15 a tag
--   16 a field's range
-- The same key again completes the row: a column's latest value that is not NULL stands. A NULL never erases, and a
-- time of 1970 says: none. What is not a reading or a text has what it says in State, as JSON, whole each time.
-- An epoch's state has a key of its own each time, and those that it was made of are deleted with it.
-- A mark is live until Done names it as it is: who recomputes a period says which Mark was read.
CREATE TABLE IF NOT EXISTS iot.Rows (
    ChannelID Int64,
    Kind Int8,
    CreatedAt DateTime64(6, 'UTC') DEFAULT toDateTime64(0, 6, 'UTC') CODEC(Delta, ZSTD),
    EntryID Int64 DEFAULT 0 CODEC(Delta, ZSTD),
    Epoch Int32 DEFAULT 0,
    Sub UInt64 DEFAULT multiIf(
        Kind = 2, sipHash64(ColumnName, RawValue, Reason), Kind IN (4, 5, 15), sipHash64(RawValue), 0
    ),
    Deleted Bool DEFAULT FALSE,
    ReadingID Nullable(Int64) CODEC(Delta, ZSTD),
    Field# Nullable(Decimal(18, 6)), -- each field
    Latitude Nullable(Decimal(18, 6)),
    Longitude Nullable(Decimal(18, 6)),
    Elevation Nullable(Decimal(18, 6)),
    Status Nullable(String),
    Superseded Nullable(Bool),
    ImportedAt Nullable(DateTime64(6, 'UTC')),
    WithdrawnAt Nullable(DateTime64(6, 'UTC')),
    CorrectedAt Nullable(DateTime64(6, 'UTC')),
    OriginalAt Nullable(DateTime64(6, 'UTC')),
    ColumnName LowCardinality(String) DEFAULT '',
    RawValue String DEFAULT '',
    Reason LowCardinality(String) DEFAULT '',
    State String DEFAULT '',
    Mark Nullable(Int64),
    Done Nullable(Int64),
    INDEX IX_EntryID EntryID TYPE minmax GRANULARITY 1
)
ENGINE = CoalescingMergeTree
ORDER BY (ChannelID, Kind, CreatedAt, EntryID, Epoch, Sub)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- What the refreshes make of readings: AggregatedData and DataQuality are views of these. Of a period's rows the one
-- of the highest Version stands.
CREATE TABLE IF NOT EXISTS iot.Periods (
    ChannelID Int64,
    AggregationType LowCardinality(String),
    PeriodStart DateTime64(6, 'UTC'),
    PeriodEnd DateTime64(6, 'UTC'),
    -- each field
    Field#Avg Nullable(Float64), Field#Min Nullable(Decimal(18, 6)), Field#Max Nullable(Decimal(18, 6)),
    Field#StdDev Nullable(Float64), Field#Count Int64 DEFAULT 0, Field#Sum Nullable(Decimal(38, 6)),
    -- end
    ReadingCount Int64,
    CreatedAt DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    Version UInt64 DEFAULT toUnixTimestamp64Nano(now64(9)),
    Deleted UInt8 DEFAULT 0,
    CONSTRAINT CK_AggregatedData_Type CHECK AggregationType IN ('HOURLY', 'DAILY', 'WEEKLY')
)
ENGINE = ReplacingMergeTree(Version, Deleted)
ORDER BY (ChannelID, AggregationType, PeriodStart);

CREATE TABLE IF NOT EXISTS iot.Judgements (
    ChannelID Int64,
    CheckDate Date32,
    TotalReadings Int64,
    MissingReadings Int64,
    OutOfRangeReadings Int64,
    AnomaliesDetected Int64,
    QualityScore Float64,
    CadenceSeconds Nullable(Float64),
    ExpectedReadings Nullable(Int64),
    AbsentReadings Nullable(Int64),
    RangesConfigured Bool,
    Notes Nullable(String),
    AsOfTime DateTime64(6, 'UTC'),
    CreatedAt DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    Version UInt64 DEFAULT toUnixTimestamp64Nano(now64(9)),
    Deleted UInt8 DEFAULT 0,
    CONSTRAINT CK_DataQuality_Score CHECK QualityScore BETWEEN 0 AND 100
)
ENGINE = ReplacingMergeTree(Version, Deleted)
ORDER BY (ChannelID, CheckDate);

-- Runs; one that was made longer stands again, its latest row counts.
CREATE TABLE IF NOT EXISTS iot.Runs (
    RunID Int64 DEFAULT generateSnowflakeID(),
    ChannelID Int64,
    StartedAt DateTime64(6, 'UTC'),
    EndedAt Nullable(DateTime64(6, 'UTC')),
    Outcome LowCardinality(String),
    Requests Int64,
    RequestsNeeded Int64,
    Fetched Int64,
    Inserted Int64,
    Updated Int64,
    Duplicates Int64,
    Raw Int64,
    QualityScore Nullable(Float64),
    Error Nullable(String),
    Rejected Int64,
    Source Nullable(String),
    Version UInt64 DEFAULT toUnixTimestamp64Nano(now64(9))
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY (ChannelID, StartedAt, RunID);

-- Readings from before CutBefore that were there at CutAt are archived: nothing moves.
CREATE TABLE IF NOT EXISTS iot.ArchiveCuts (
    CutBefore DateTime64(6, 'UTC'),
    CutAt DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (CutBefore, CutAt);

-- Requests that were counted, or given back; RequestBudget is their sum.
CREATE TABLE IF NOT EXISTS iot.CountedRequests (
    Day Date32,
    Requests Int64
)
ENGINE = SummingMergeTree
ORDER BY Day;

CREATE TABLE IF NOT EXISTS iot.Tokens (
    TokenID String,
    TokenName String,
    TokenHash String,
    Scopes String,
    CreatedAt DateTime64(6, 'UTC'),
    ExpiresAt Nullable(DateTime64(6, 'UTC')),
    RevokedAt Nullable(DateTime64(6, 'UTC'))
)
ENGINE = CoalescingMergeTree
ORDER BY TokenID;

CREATE TABLE IF NOT EXISTS iot.KeptQueries (
    QueryName String,
    QueryText String,
    SavedBy String,
    SavedAt DateTime64(6, 'UTC'),
    Version UInt64 DEFAULT toUnixTimestamp64Nano(now64(9)),
    Deleted UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Version, Deleted)
ORDER BY QueryName;
