-- The tables. Where the architecture names an index that DuckDB would keep as an in-memory tree over
-- every reading (PK, UQ_ChannelEntry, FK_SensorReadings_Channels, IX_SensorReadings_*), there is none:
-- the load enforces identity and parent, zone maps narrow the reads, duplicate_audit checks.
CREATE TABLE iot.Channels (
    ChannelID BIGINT NOT NULL,
    ChannelName VARCHAR,
    Description VARCHAR,
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation VARCHAR,
    Field1Name VARCHAR,
    Field2Name VARCHAR,
    Field3Name VARCHAR,
    Field4Name VARCHAR,
    Field5Name VARCHAR,
    Field6Name VARCHAR,
    Field7Name VARCHAR,
    Field8Name VARCHAR,
    CreatedAt TIMESTAMP,
    UpdatedAt TIMESTAMP,
    LastEntryID BIGINT,
    RefreshedAt TIMESTAMP,
    ArchivedBefore TIMESTAMP,
    IsActive BOOLEAN NOT NULL DEFAULT TRUE,
    CONSTRAINT PK_Channels PRIMARY KEY (ChannelID)
);

CREATE SEQUENCE iot.ReadingIDs;
CREATE TABLE iot.SensorReadings (
    ReadingID BIGINT NOT NULL DEFAULT nextval('iot.ReadingIDs'),
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt TIMESTAMP NOT NULL,
    Field1 DECIMAL(18, 6),
    Field2 DECIMAL(18, 6),
    Field3 DECIMAL(18, 6),
    Field4 DECIMAL(18, 6),
    Field5 DECIMAL(18, 6),
    Field6 DECIMAL(18, 6),
    Field7 DECIMAL(18, 6),
    Field8 DECIMAL(18, 6),
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation DECIMAL(18, 6),
    Status VARCHAR,
    Superseded BOOLEAN NOT NULL DEFAULT FALSE,
    ImportedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now()))
);

CREATE TABLE iot.RawValues (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryID BIGINT NOT NULL,
    ColumnName VARCHAR NOT NULL,
    RawValue VARCHAR NOT NULL,
    Reason VARCHAR NOT NULL,
    ImportedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now()))
);

CREATE TABLE iot.RejectedEntries (
    ChannelID BIGINT NOT NULL,
    EntryHash VARCHAR NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryText VARCHAR NOT NULL,
    Reason VARCHAR NOT NULL,
    RejectedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    CONSTRAINT PK_RejectedEntries PRIMARY KEY (ChannelID, EntryHash)
);

-- UQ_Aggregation serves as IX_AggregatedData_ChannelID_Type_Period: the same columns.
CREATE SEQUENCE iot.AggregationIDs;
CREATE TABLE iot.AggregatedData (
    AggregationID BIGINT NOT NULL DEFAULT nextval('iot.AggregationIDs'),
    ChannelID BIGINT NOT NULL,
    AggregationType VARCHAR NOT NULL,
    PeriodStart TIMESTAMP NOT NULL,
    PeriodEnd TIMESTAMP NOT NULL,
    Field1Avg DOUBLE, Field1Min DECIMAL(18, 6), Field1Max DECIMAL(18, 6),
    Field1StdDev DOUBLE, Field1Count BIGINT NOT NULL,
    Field2Avg DOUBLE, Field2Min DECIMAL(18, 6), Field2Max DECIMAL(18, 6),
    Field2StdDev DOUBLE, Field2Count BIGINT NOT NULL,
    Field3Avg DOUBLE, Field3Min DECIMAL(18, 6), Field3Max DECIMAL(18, 6),
    Field3StdDev DOUBLE, Field3Count BIGINT NOT NULL,
    Field4Avg DOUBLE, Field4Min DECIMAL(18, 6), Field4Max DECIMAL(18, 6),
    Field4StdDev DOUBLE, Field4Count BIGINT NOT NULL,
    Field5Avg DOUBLE, Field5Min DECIMAL(18, 6), Field5Max DECIMAL(18, 6),
    Field5StdDev DOUBLE, Field5Count BIGINT NOT NULL,
    Field6Avg DOUBLE, Field6Min DECIMAL(18, 6), Field6Max DECIMAL(18, 6),
    Field6StdDev DOUBLE, Field6Count BIGINT NOT NULL,
    Field7Avg DOUBLE, Field7Min DECIMAL(18, 6), Field7Max DECIMAL(18, 6),
    Field7StdDev DOUBLE, Field7Count BIGINT NOT NULL,
    Field8Avg DOUBLE, Field8Min DECIMAL(18, 6), Field8Max DECIMAL(18, 6),
    Field8StdDev DOUBLE, Field8Count BIGINT NOT NULL,
    ReadingCount BIGINT NOT NULL,
    CreatedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    CONSTRAINT UQ_Aggregation UNIQUE (ChannelID, AggregationType, PeriodStart),
    CONSTRAINT FK_AggregatedData_Channels FOREIGN KEY (ChannelID) REFERENCES iot.Channels (ChannelID),
    CONSTRAINT CK_AggregatedData_Type CHECK (AggregationType IN ('HOURLY', 'DAILY', 'WEEKLY'))
);

CREATE SEQUENCE iot.QualityIDs;
CREATE TABLE iot.DataQuality (
    QualityID BIGINT NOT NULL DEFAULT nextval('iot.QualityIDs'),
    ChannelID BIGINT NOT NULL,
    CheckDate DATE NOT NULL,
    TotalReadings BIGINT NOT NULL,
    MissingReadings BIGINT NOT NULL,
    OutOfRangeReadings BIGINT NOT NULL,
    AnomaliesDetected BIGINT NOT NULL,
    QualityScore DOUBLE NOT NULL,
    CadenceSeconds DOUBLE,
    ExpectedReadings BIGINT,
    AbsentReadings BIGINT,
    RangesConfigured BOOLEAN NOT NULL,
    Notes VARCHAR,
    AsOfTime TIMESTAMP NOT NULL,
    CreatedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    CONSTRAINT UQ_DataQuality UNIQUE (ChannelID, CheckDate),
    CONSTRAINT FK_DataQuality_Channels FOREIGN KEY (ChannelID) REFERENCES iot.Channels (ChannelID),
    CONSTRAINT CK_DataQuality_Score CHECK (QualityScore BETWEEN 0 AND 100)
);

CREATE TABLE iot.FieldRanges (
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    MinValue DECIMAL(18, 6),
    MaxValue DECIMAL(18, 6),
    CONSTRAINT PK_FieldRanges PRIMARY KEY (ChannelID, FieldNumber),
    CONSTRAINT CK_FieldRanges_Field CHECK (FieldNumber BETWEEN 1 AND 8)
);

CREATE TABLE iot.Epochs (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    StartedAt TIMESTAMP,
    LastEntryID BIGINT,
    LowestEntryID BIGINT,
    HighestEntryID BIGINT,
    NewestEntryID BIGINT,
    NewestCreatedAt TIMESTAMP,
    IDsCheckedTo BIGINT NOT NULL DEFAULT 0,
    FutureCheckedAt TIMESTAMP,
    CONSTRAINT PK_Epochs PRIMARY KEY (ChannelID, Epoch)
);

CREATE TABLE iot.Coverage (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    SpanStart TIMESTAMP NOT NULL,
    SpanEnd TIMESTAMP NOT NULL,
    CONSTRAINT CK_Coverage_Span CHECK (SpanStart < SpanEnd)
);

CREATE TABLE iot.Gaps (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    FirstEntryID BIGINT NOT NULL,
    LastEntryID BIGINT NOT NULL,
    State VARCHAR NOT NULL,
    AtSecond TIMESTAMP,
    CONSTRAINT CK_Gaps_State CHECK (State IN ('open', 'absent', 'unreachable')),
    CONSTRAINT CK_Gaps_Run CHECK (FirstEntryID <= LastEntryID)
);

CREATE TABLE iot.PeriodMarks (
    ChannelID BIGINT NOT NULL,
    AggregationType VARCHAR NOT NULL,
    PeriodStart TIMESTAMP NOT NULL,
    CONSTRAINT CK_PeriodMarks_Type CHECK (AggregationType IN ('HOURLY', 'DAILY', 'WEEKLY', 'QUALITY'))
);

CREATE TABLE iot.LoadLedger (
    BatchHash VARCHAR NOT NULL,
    LoadedAt TIMESTAMP NOT NULL DEFAULT make_timestamp(epoch_us(now())),
    CONSTRAINT PK_LoadLedger PRIMARY KEY (BatchHash)
);

CREATE SEQUENCE iot.RunIDs;
CREATE TABLE iot.PipelineRuns (
    RunID BIGINT NOT NULL DEFAULT nextval('iot.RunIDs'),
    ChannelID BIGINT NOT NULL,
    StartedAt TIMESTAMP NOT NULL,
    EndedAt TIMESTAMP,
    Outcome VARCHAR NOT NULL,
    Requests BIGINT NOT NULL,
    RequestsNeeded BIGINT NOT NULL,
    Fetched BIGINT NOT NULL,
    Inserted BIGINT NOT NULL,
    Updated BIGINT NOT NULL,
    Duplicates BIGINT NOT NULL,
    Raw BIGINT NOT NULL,
    QualityScore DOUBLE,
    Error VARCHAR,
    CONSTRAINT PK_PipelineRuns PRIMARY KEY (RunID)
);

CREATE TABLE iot.RequestBudget (
    Day DATE NOT NULL,
    Requests BIGINT NOT NULL,
    CONSTRAINT PK_RequestBudget PRIMARY KEY (Day)
);
