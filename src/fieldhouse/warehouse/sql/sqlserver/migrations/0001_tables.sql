-- The tables. Times are naive UTC. With partitions (the option of this migration, N'monthly' in the
-- session's context) a reading's keys take CreatedAt in; its load, under the channel's lock, keeps the
-- triple unique then.
CREATE TABLE iot.Channels (
    ChannelID INT NOT NULL,
    ChannelName NVARCHAR(MAX),
    Description NVARCHAR(MAX),
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation NVARCHAR(MAX),
    Field1Name NVARCHAR(MAX),
    Field2Name NVARCHAR(MAX),
    Field3Name NVARCHAR(MAX),
    Field4Name NVARCHAR(MAX),
    Field5Name NVARCHAR(MAX),
    Field6Name NVARCHAR(MAX),
    Field7Name NVARCHAR(MAX),
    Field8Name NVARCHAR(MAX),
    CreatedAt DATETIME2(6),
    UpdatedAt DATETIME2(6),
    LastEntryID BIGINT,
    RefreshedAt DATETIME2(6),
    ArchivedBefore DATETIME2(6),
    IsActive BIT NOT NULL CONSTRAINT DF_Channels_IsActive DEFAULT 1,
    CONSTRAINT PK_Channels PRIMARY KEY CLUSTERED (ChannelID)
);
GO

IF CAST(SESSION_CONTEXT(N'fieldhouse.partitions') AS NVARCHAR(20)) = N'monthly'
BEGIN
    -- from ThingSpeak's first year to five years from now; the archive's calls add what time brings
    DECLARE
        @Months NVARCHAR(MAX) = (
            SELECT
                STRING_AGG(
                    CAST(CONCAT(N'''', CONVERT(NCHAR(10), m.StartAt, 126), N'''') AS NVARCHAR(MAX)),
                    N', '
                ) WITHIN GROUP (ORDER BY m.StartAt)
            FROM (
                SELECT DATEADD(MONTH, t.N, CAST('2010-01-01' AS DATE)) AS StartAt
                FROM (
                    SELECT ROW_NUMBER() OVER (ORDER BY a.N) - 1 AS N
                    FROM (VALUES
                        (1),
                        (2),
                        (3),
                        (4),
                        (5),
                        (6),
                        (7),
                        (8)
                    ) AS a (N)
                    CROSS JOIN (VALUES
                        (1),
                        (2),
                        (3),
                        (4),
                        (5),
                        (6),
                        (7),
                        (8)
                    ) AS b (N)
                    CROSS JOIN (VALUES
                        (1),
                        (2),
                        (3),
                        (4),
                        (5),
                        (6),
                        (7),
                        (8)
                    ) AS c (N)
                ) AS t
            ) AS m
            WHERE m.StartAt <= DATEADD(YEAR, 5, SYSUTCDATETIME())
        );
    DECLARE
        @Make NVARCHAR(MAX) = CONCAT(
            N'CREATE PARTITION FUNCTION PF_MonthlyPartition (DATETIME2(6)) AS RANGE RIGHT FOR VALUES (',
            @Months,
            N')'
        );
    EXEC sp_executesql @Make;
    EXEC sp_executesql
        N'CREATE PARTITION SCHEME PS_MonthlyPartition AS PARTITION PF_MonthlyPartition ALL TO ([PRIMARY])';
END;
GO

IF CAST(SESSION_CONTEXT(N'fieldhouse.partitions') AS NVARCHAR(20)) = N'monthly'
BEGIN
    CREATE TABLE iot.SensorReadings (
        ReadingID BIGINT IDENTITY (1, 1) NOT NULL,
        -- include readings_columns
        CONSTRAINT PK_SensorReadings PRIMARY KEY CLUSTERED (ReadingID, CreatedAt),
        CONSTRAINT UQ_ChannelEntry UNIQUE NONCLUSTERED (ChannelID, Epoch, EntryID, CreatedAt)
    ) ON PS_MonthlyPartition (CreatedAt);
    CREATE TABLE iot.SensorReadings_Archive (
        ReadingID BIGINT NOT NULL,
        -- include readings_columns
        CONSTRAINT PK_SensorReadings_Archive PRIMARY KEY CLUSTERED (ReadingID, CreatedAt),
        CONSTRAINT UQ_ChannelEntry_Archive UNIQUE NONCLUSTERED (ChannelID, Epoch, EntryID, CreatedAt)
    ) ON PS_MonthlyPartition (CreatedAt);
END
ELSE
BEGIN
    CREATE TABLE iot.SensorReadings (
        ReadingID BIGINT IDENTITY (1, 1) NOT NULL,
        -- include readings_columns
        CONSTRAINT PK_SensorReadings PRIMARY KEY CLUSTERED (ReadingID),
        CONSTRAINT UQ_ChannelEntry UNIQUE NONCLUSTERED (ChannelID, Epoch, EntryID)
    );
    CREATE TABLE iot.SensorReadings_Archive (
        ReadingID BIGINT NOT NULL,
        -- include readings_columns
        CONSTRAINT PK_SensorReadings_Archive PRIMARY KEY CLUSTERED (ReadingID),
        CONSTRAINT UQ_ChannelEntry_Archive UNIQUE NONCLUSTERED (ChannelID, Epoch, EntryID)
    );
END;
GO

ALTER TABLE iot.SensorReadings ADD CONSTRAINT DF_SensorReadings_Superseded DEFAULT 0 FOR Superseded;
ALTER TABLE iot.SensorReadings ADD
    CONSTRAINT DF_SensorReadings_ImportedAt DEFAULT SYSUTCDATETIME() FOR ImportedAt;
ALTER TABLE iot.SensorReadings ADD
    CONSTRAINT FK_SensorReadings_Channels FOREIGN KEY (ChannelID) REFERENCES iot.Channels(ChannelID);
GO

-- Index by index the same on both, so that a month can be switched from one to the other.
CREATE NONCLUSTERED INDEX IX_SensorReadings_ChannelID_CreatedAt ON iot.SensorReadings(ChannelID, CreatedAt DESC);
CREATE NONCLUSTERED INDEX IX_SensorReadings_CreatedAt ON iot.SensorReadings(CreatedAt DESC);
CREATE NONCLUSTERED INDEX IX_SensorReadings_Archive_ChannelID_CreatedAt ON iot.SensorReadings_Archive(ChannelID, CreatedAt DESC);
CREATE NONCLUSTERED INDEX IX_SensorReadings_Archive_CreatedAt ON iot.SensorReadings_Archive(CreatedAt DESC);
GO

-- What is staged under a number, which keeps loaders apart: for bulk copy, or JSON in pieces. A number stands
-- in StagedLoads as long as its loader holds the lock of that name; what a dead one left, a later one clears.
CREATE TABLE iot.StagedLoads (
    StagingID BIGINT NOT NULL,
    StagedAt DATETIME2(6) NOT NULL CONSTRAINT DF_StagedLoads_StagedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_StagedLoads PRIMARY KEY CLUSTERED (StagingID)
);
CREATE TABLE iot.StagedReadings (
    StagingID BIGINT NOT NULL,
    Batch INT NOT NULL,
    Turn INT NOT NULL,
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL,
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
    Status NVARCHAR(MAX)
);
CREATE CLUSTERED INDEX IX_StagedReadings_StagingID ON iot.StagedReadings(StagingID);
GO

-- A text's hash stands for it in the keys: equality of texts ignores case and trailing spaces here.
CREATE TABLE iot.RawValues (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    EntryID BIGINT NOT NULL,
    ColumnName NVARCHAR(20) NOT NULL,
    RawValue NVARCHAR(MAX) NOT NULL,
    Reason NVARCHAR(20) NOT NULL,
    RawHash VARBINARY(32) NOT NULL,
    ImportedAt DATETIME2(6) NOT NULL CONSTRAINT DF_RawValues_ImportedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT UQ_RawValues UNIQUE CLUSTERED (ChannelID, Epoch, EntryID, ColumnName, Reason, RawHash)
);
CREATE TABLE iot.RejectedEntries (
    ChannelID INT NOT NULL,
    EntryHash VARBINARY(32) NOT NULL,
    Epoch INT NOT NULL,
    EntryText NVARCHAR(MAX) NOT NULL,
    Reason NVARCHAR(MAX) NOT NULL,
    RejectedAt DATETIME2(6) NOT NULL CONSTRAINT DF_RejectedEntries_RejectedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_RejectedEntries PRIMARY KEY CLUSTERED (ChannelID, EntryHash)
);
GO

CREATE TABLE iot.AggregatedData (
    AggregationID BIGINT IDENTITY (1, 1) NOT NULL,
    ChannelID INT NOT NULL,
    AggregationType NVARCHAR(10) NOT NULL,
    PeriodStart DATETIME2(6) NOT NULL,
    PeriodEnd DATETIME2(6) NOT NULL,
    Field1Avg FLOAT,
    Field1Min DECIMAL(18, 6),
    Field1Max DECIMAL(18, 6),
    Field1StdDev FLOAT,
    Field1Count BIGINT NOT NULL,
    Field2Avg FLOAT,
    Field2Min DECIMAL(18, 6),
    Field2Max DECIMAL(18, 6),
    Field2StdDev FLOAT,
    Field2Count BIGINT NOT NULL,
    Field3Avg FLOAT,
    Field3Min DECIMAL(18, 6),
    Field3Max DECIMAL(18, 6),
    Field3StdDev FLOAT,
    Field3Count BIGINT NOT NULL,
    Field4Avg FLOAT,
    Field4Min DECIMAL(18, 6),
    Field4Max DECIMAL(18, 6),
    Field4StdDev FLOAT,
    Field4Count BIGINT NOT NULL,
    Field5Avg FLOAT,
    Field5Min DECIMAL(18, 6),
    Field5Max DECIMAL(18, 6),
    Field5StdDev FLOAT,
    Field5Count BIGINT NOT NULL,
    Field6Avg FLOAT,
    Field6Min DECIMAL(18, 6),
    Field6Max DECIMAL(18, 6),
    Field6StdDev FLOAT,
    Field6Count BIGINT NOT NULL,
    Field7Avg FLOAT,
    Field7Min DECIMAL(18, 6),
    Field7Max DECIMAL(18, 6),
    Field7StdDev FLOAT,
    Field7Count BIGINT NOT NULL,
    Field8Avg FLOAT,
    Field8Min DECIMAL(18, 6),
    Field8Max DECIMAL(18, 6),
    Field8StdDev FLOAT,
    Field8Count BIGINT NOT NULL,
    ReadingCount BIGINT NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL CONSTRAINT DF_AggregatedData_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_AggregatedData PRIMARY KEY CLUSTERED (AggregationID),
    CONSTRAINT UQ_Aggregation UNIQUE NONCLUSTERED (ChannelID, AggregationType, PeriodStart),
    CONSTRAINT FK_AggregatedData_Channels FOREIGN KEY (ChannelID) REFERENCES iot.Channels(ChannelID),
    CONSTRAINT CK_AggregatedData_Type CHECK (AggregationType IN (N'HOURLY', N'DAILY', N'WEEKLY'))
);
CREATE NONCLUSTERED INDEX IX_AggregatedData_ChannelID_Type_Period ON iot.AggregatedData(ChannelID, AggregationType, PeriodStart DESC);
GO

CREATE TABLE iot.DataQuality (
    QualityID BIGINT IDENTITY (1, 1) NOT NULL,
    ChannelID INT NOT NULL,
    CheckDate DATE NOT NULL,
    TotalReadings BIGINT NOT NULL,
    MissingReadings BIGINT NOT NULL,
    OutOfRangeReadings BIGINT NOT NULL,
    AnomaliesDetected BIGINT NOT NULL,
    QualityScore FLOAT NOT NULL,
    CadenceSeconds FLOAT,
    ExpectedReadings BIGINT,
    AbsentReadings BIGINT,
    RangesConfigured BIT NOT NULL,
    Notes NVARCHAR(400),
    AsOfTime DATETIME2(6) NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL CONSTRAINT DF_DataQuality_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_DataQuality PRIMARY KEY CLUSTERED (QualityID),
    CONSTRAINT UQ_DataQuality UNIQUE NONCLUSTERED (ChannelID, CheckDate),
    CONSTRAINT FK_DataQuality_Channels FOREIGN KEY (ChannelID) REFERENCES iot.Channels(ChannelID),
    CONSTRAINT CK_DataQuality_Score CHECK (QualityScore BETWEEN 0 AND 100)
);
CREATE TABLE iot.FieldRanges (
    ChannelID INT NOT NULL,
    FieldNumber INT NOT NULL,
    MinValue DECIMAL(18, 6),
    MaxValue DECIMAL(18, 6),
    CONSTRAINT PK_FieldRanges PRIMARY KEY CLUSTERED (ChannelID, FieldNumber),
    CONSTRAINT CK_FieldRanges_Field CHECK (FieldNumber BETWEEN 1 AND 8),
    CONSTRAINT CK_FieldRanges_Order CHECK (MinValue <= MaxValue)
);
GO

CREATE TABLE iot.Epochs (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    StartedAt DATETIME2(6),
    LastEntryID BIGINT,
    LowestEntryID BIGINT,
    HighestEntryID BIGINT,
    NewestEntryID BIGINT,
    NewestCreatedAt DATETIME2(6),
    IDsCheckedTo BIGINT NOT NULL CONSTRAINT DF_Epochs_IDsCheckedTo DEFAULT 0,
    FutureCheckedAt DATETIME2(6),
    CONSTRAINT PK_Epochs PRIMARY KEY CLUSTERED (ChannelID, Epoch)
);
CREATE TABLE iot.Coverage (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    SpanStart DATETIME2(6) NOT NULL,
    SpanEnd DATETIME2(6) NOT NULL,
    CONSTRAINT PK_Coverage PRIMARY KEY CLUSTERED (ChannelID, Epoch, SpanStart),
    CONSTRAINT CK_Coverage_Span CHECK (SpanStart < SpanEnd)
);
CREATE TABLE iot.Gaps (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    FirstEntryID BIGINT NOT NULL,
    LastEntryID BIGINT NOT NULL,
    State NVARCHAR(20) NOT NULL,
    AtSecond DATETIME2(6),
    CONSTRAINT CK_Gaps_State CHECK (State IN (N'open', N'absent', N'unreachable')),
    CONSTRAINT CK_Gaps_Run CHECK (FirstEntryID <= LastEntryID)
);
CREATE CLUSTERED INDEX IX_Gaps_ChannelID_Epoch ON iot.Gaps(ChannelID, Epoch, FirstEntryID);
GO

-- A period may be marked more than once: a load never looks whether it is, so that a refresh that is
-- under way cannot take the mark away with it.
CREATE TABLE iot.PeriodMarks (
    ChannelID INT NOT NULL,
    AggregationType NVARCHAR(10) NOT NULL,
    PeriodStart DATETIME2(6) NOT NULL,
    CONSTRAINT CK_PeriodMarks_Type CHECK (AggregationType IN (N'HOURLY', N'DAILY', N'WEEKLY', N'QUALITY'))
);
CREATE CLUSTERED INDEX IX_PeriodMarks_Type_ChannelID_Period ON iot.PeriodMarks(AggregationType, ChannelID, PeriodStart);
CREATE TABLE iot.LoadLedger (
    BatchHash CHAR(64) NOT NULL,
    LoadedAt DATETIME2(6) NOT NULL CONSTRAINT DF_LoadLedger_LoadedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_LoadLedger PRIMARY KEY CLUSTERED (BatchHash)
);
CREATE NONCLUSTERED INDEX IX_LoadLedger_LoadedAt ON iot.LoadLedger(LoadedAt);
GO

CREATE TABLE iot.PipelineRuns (
    RunID BIGINT IDENTITY (1, 1) NOT NULL,
    ChannelID INT NOT NULL,
    StartedAt DATETIME2(6) NOT NULL,
    EndedAt DATETIME2(6),
    Outcome NVARCHAR(20) NOT NULL,
    Requests BIGINT NOT NULL,
    RequestsNeeded BIGINT NOT NULL,
    Fetched BIGINT NOT NULL,
    Inserted BIGINT NOT NULL,
    Updated BIGINT NOT NULL,
    Duplicates BIGINT NOT NULL,
    Raw BIGINT NOT NULL,
    QualityScore FLOAT,
    Error NVARCHAR(MAX),
    CONSTRAINT PK_PipelineRuns PRIMARY KEY CLUSTERED (RunID)
);
CREATE NONCLUSTERED INDEX IX_PipelineRuns_ChannelID_StartedAt ON iot.PipelineRuns(ChannelID, StartedAt DESC);
CREATE TABLE iot.RequestBudget (
    Day DATE NOT NULL,
    Requests BIGINT NOT NULL,
    CONSTRAINT PK_RequestBudget PRIMARY KEY CLUSTERED (Day)
);
GO

-- Who changed what: a row for each channel that a procedure changed. A load is found by its number, so
-- that one whose answer was lost on the way still tells what it did.
CREATE TABLE iot.AuditTrail (
    AuditID BIGINT IDENTITY (1, 1) NOT NULL,
    LoadID BIGINT,
    ChangedAt DATETIME2(6) NOT NULL CONSTRAINT DF_AuditTrail_ChangedAt DEFAULT SYSUTCDATETIME(),
    LoginName NVARCHAR(128) NOT NULL CONSTRAINT DF_AuditTrail_LoginName DEFAULT SUSER_SNAME(),
    HostName NVARCHAR(128) CONSTRAINT DF_AuditTrail_HostName DEFAULT HOST_NAME(),
    ProgramName NVARCHAR(128) CONSTRAINT DF_AuditTrail_ProgramName DEFAULT APP_NAME(),
    Action NVARCHAR(128) NOT NULL,
    ChannelID INT,
    Inserted BIGINT,
    Updated BIGINT,
    Duplicates BIGINT,
    RawTexts BIGINT,
    Detail NVARCHAR(400),
    CONSTRAINT PK_AuditTrail PRIMARY KEY CLUSTERED (AuditID)
);
CREATE NONCLUSTERED INDEX IX_AuditTrail_LoadID ON iot.AuditTrail(LoadID) WHERE LoadID IS NOT NULL;
CREATE NONCLUSTERED INDEX IX_AuditTrail_ChannelID_ChangedAt ON iot.AuditTrail(ChannelID, ChangedAt DESC);
GO

-- Many rows at once must not lock a whole table, and with it the loads of all other channels.
IF SERVERPROPERTY('BabelfishVersion') IS NULL
BEGIN
    ALTER TABLE iot.SensorReadings SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.StagedReadings SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.RawValues SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.PeriodMarks SET (LOCK_ESCALATION = DISABLE);
    ALTER TABLE iot.AggregatedData SET (LOCK_ESCALATION = DISABLE);
END;
