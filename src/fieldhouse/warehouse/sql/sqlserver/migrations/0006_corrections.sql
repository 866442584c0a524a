-- What people say of readings that are wrong: rules, and the readings that they change as they are then. A reading
-- that a rule changes says since when, and counts as it stands in CorrectedReadings, or not at all if it is not there.
-- Column by column the same on both tables of readings, so that a month can be switched.
ALTER TABLE iot.SensorReadings ADD CorrectedAt DATETIME2(6) NULL;
ALTER TABLE iot.SensorReadings_Archive ADD CorrectedAt DATETIME2(6) NULL;
GO

-- A rule covers the readings of [SpanStart, SpanEnd), by their original times; of these the values that lie between
-- LowValue and HighValue, both included, or those that do not, if IsOutside. No FieldNumber: all fields.
CREATE TABLE iot.Corrections (
    CorrectionID BIGINT IDENTITY (1, 1) NOT NULL,
    RequestID BIGINT NOT NULL,
    ChannelID INT NOT NULL,
    FieldNumber INT,
    Kind NVARCHAR(10) NOT NULL,
    SpanStart DATETIME2(6) NOT NULL,
    SpanEnd DATETIME2(6) NOT NULL,
    Condition NVARCHAR(500),
    LowValue DECIMAL(18, 6) NOT NULL,
    HighValue DECIMAL(18, 6) NOT NULL,
    IsOutside BIT NOT NULL,
    ScaleFactor DECIMAL(19, 12),
    OffsetValue DECIMAL(18, 6),
    ShiftSeconds BIGINT,
    Reason NVARCHAR(MAX) NOT NULL,
    MadeBy NVARCHAR(MAX) NOT NULL,
    MadeAt DATETIME2(6) NOT NULL,
    RemovedBy NVARCHAR(MAX),
    RemovedAt DATETIME2(6),
    CONSTRAINT PK_Corrections PRIMARY KEY CLUSTERED (CorrectionID),
    CONSTRAINT UQ_Corrections_RequestID UNIQUE NONCLUSTERED (RequestID),
    CONSTRAINT CK_Corrections_Field CHECK (FieldNumber BETWEEN 1 AND 8),
    CONSTRAINT CK_Corrections_Span CHECK (SpanStart < SpanEnd),
    CONSTRAINT CK_Corrections_Kind CHECK ((
            Kind = N'EXCLUDE' AND ScaleFactor IS NULL AND OffsetValue IS NULL AND ShiftSeconds IS NULL
        )
        OR (Kind = N'SCALE' AND ScaleFactor IS NOT NULL AND OffsetValue IS NOT NULL AND ShiftSeconds IS NULL)
        OR (Kind = N'SHIFT' AND ShiftSeconds IS NOT NULL AND ScaleFactor IS NULL AND OffsetValue IS NULL))
);
CREATE NONCLUSTERED INDEX IX_Corrections_ChannelID ON iot.Corrections(ChannelID, RemovedAt);
GO

-- The columns of SensorReadings, as the rules leave them; which of the fields they changed; of readings that count.
CREATE TABLE iot.CorrectedReadings (
    ReadingID BIGINT NOT NULL,
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL,
    OriginalAt DATETIME2(6) NOT NULL,
    Field# DECIMAL(18, 6), -- each field
    ChangedFields NVARCHAR(100) NOT NULL,
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation DECIMAL(18, 6),
    Status NVARCHAR(MAX),
    ImportedAt DATETIME2(6) NOT NULL,
    CorrectedAt DATETIME2(6) NOT NULL,
    IsArchived BIT NOT NULL,
    CONSTRAINT PK_CorrectedReadings PRIMARY KEY CLUSTERED (ChannelID, CreatedAt, ReadingID),
    CONSTRAINT UQ_CorrectedReadings_ReadingID UNIQUE NONCLUSTERED (ReadingID)
);
GO

IF SERVERPROPERTY('BabelfishVersion') IS NULL
    ALTER TABLE iot.CorrectedReadings SET (LOCK_ESCALATION = DISABLE);
