-- What people say of readings that are wrong: rules, and the readings that they change as they are then. A reading
-- that a rule changes says since when, and counts as it stands in CorrectedReadings, or not at all if it is not there.
ALTER TABLE iot.SensorReadings ADD COLUMN CorrectedAt TIMESTAMP;
ALTER TABLE iot.SensorReadings_Archive ADD COLUMN CorrectedAt TIMESTAMP;

-- A rule covers the readings of [SpanStart, SpanEnd), by their original times; of these the values that lie between
-- LowValue and HighValue, both included, or those that do not, if IsOutside. No FieldNumber: all fields.
CREATE SEQUENCE iot.CorrectionIDs;
CREATE TABLE iot.Corrections (
    CorrectionID BIGINT NOT NULL DEFAULT nextval('iot.CorrectionIDs'),
    RequestID BIGINT NOT NULL,
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER,
    Kind VARCHAR NOT NULL,
    SpanStart TIMESTAMP NOT NULL,
    SpanEnd TIMESTAMP NOT NULL,
    Condition VARCHAR,
    LowValue DECIMAL(18, 6) NOT NULL,
    HighValue DECIMAL(18, 6) NOT NULL,
    IsOutside BOOLEAN NOT NULL,
    ScaleFactor DECIMAL(19, 12),
    OffsetValue DECIMAL(18, 6),
    ShiftSeconds BIGINT,
    Reason VARCHAR NOT NULL,
    MadeBy VARCHAR NOT NULL,
    MadeAt TIMESTAMP NOT NULL,
    RemovedBy VARCHAR,
    RemovedAt TIMESTAMP,
    CONSTRAINT CK_Corrections_Field CHECK (FieldNumber BETWEEN 1 AND 8),
    CONSTRAINT CK_Corrections_Span CHECK (SpanStart < SpanEnd),
    CONSTRAINT CK_Corrections_Kind CHECK (
        (Kind = 'EXCLUDE' AND coalesce(ScaleFactor, OffsetValue, ShiftSeconds) IS NULL)
        OR (Kind = 'SCALE' AND ScaleFactor IS NOT NULL AND OffsetValue IS NOT NULL AND ShiftSeconds IS NULL)
        OR (Kind = 'SHIFT' AND ShiftSeconds IS NOT NULL AND coalesce(ScaleFactor, OffsetValue) IS NULL)
    )
);

-- The columns of SensorReadings, as the rules leave them; which of the fields they changed; of readings that count.
CREATE TABLE iot.CorrectedReadings (
    ReadingID BIGINT NOT NULL,
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt TIMESTAMP NOT NULL,
    OriginalAt TIMESTAMP NOT NULL,
    Field# DECIMAL(18, 6), -- each field
    ChangedFields VARCHAR NOT NULL,
    Latitude DECIMAL(18, 6),
    Longitude DECIMAL(18, 6),
    Elevation DECIMAL(18, 6),
    Status VARCHAR,
    ImportedAt TIMESTAMP NOT NULL,
    CorrectedAt TIMESTAMP NOT NULL,
    IsArchived BOOLEAN NOT NULL
);
