-- What a source no longer has, what is in dispute, which labels were seen when, and what a plan stands on.
-- Column by column the same on both tables of readings, so that a month can be switched.
ALTER TABLE iot.SensorReadings ADD WithdrawnAt DATETIME2(6) NULL;
ALTER TABLE iot.SensorReadings_Archive ADD WithdrawnAt DATETIME2(6) NULL;
GO

ALTER TABLE iot.Epochs ADD Evidence NVARCHAR(MAX) NULL;
ALTER TABLE iot.Epochs ADD FirstCreatedAt DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD LastCreatedAt DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD BeganWith BIGINT NULL;
ALTER TABLE iot.Epochs ADD IsJudged BIT NOT NULL CONSTRAINT DF_Epochs_IsJudged DEFAULT 0;
ALTER TABLE iot.Epochs ADD SweptAt DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD SweptTo DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD AgainStart DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD AgainEnd DATETIME2(6) NULL;
ALTER TABLE iot.Epochs ADD Version BIGINT NOT NULL CONSTRAINT DF_Epochs_Version DEFAULT 0;
GO

UPDATE e
SET FirstCreatedAt = r.FirstCreatedAt, LastCreatedAt = r.LastCreatedAt
FROM iot.Epochs AS e
JOIN (
    SELECT a.ChannelID, a.Epoch, MIN(a.CreatedAt) AS FirstCreatedAt, MAX(a.CreatedAt) AS LastCreatedAt
    FROM (
        SELECT n.ChannelID, n.Epoch, n.CreatedAt FROM iot.SensorReadings AS n
        UNION ALL
        SELECT o.ChannelID, o.Epoch, o.CreatedAt FROM iot.SensorReadings_Archive AS o
    ) AS a
    GROUP BY a.ChannelID, a.Epoch
) AS r ON r.ChannelID = e.ChannelID AND r.Epoch = e.Epoch;
GO

ALTER TABLE iot.Gaps ADD DueAt DATETIME2(6) NULL;
ALTER TABLE iot.Gaps ADD OlderEpoch INT NULL;
ALTER TABLE iot.Gaps DROP CONSTRAINT CK_Gaps_State;
ALTER TABLE iot.Gaps ADD
    CONSTRAINT CK_Gaps_State CHECK (State IN (N'open', N'absent', N'unreachable', N'older'));
GO

CREATE TABLE iot.Disputes (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL,
    RaisedAt DATETIME2(6) NOT NULL,
    State NVARCHAR(20) NOT NULL,
    CONSTRAINT PK_Disputes PRIMARY KEY CLUSTERED (ChannelID, Epoch, EntryID),
    CONSTRAINT CK_Disputes_State CHECK (State IN (N'open', N'kept'))
);
-- Which epochs show again what an older one has, and from when to when: there the older one does not count.
CREATE TABLE iot.Reimports (
    ChannelID INT NOT NULL,
    Epoch INT NOT NULL,
    OlderEpoch INT NOT NULL,
    SpanStart DATETIME2(6) NOT NULL,
    SpanEnd DATETIME2(6) NOT NULL,
    OlderReadings BIGINT NOT NULL,
    ShownAgain BIGINT NOT NULL,
    CONSTRAINT PK_Reimports PRIMARY KEY CLUSTERED (ChannelID, Epoch, OlderEpoch)
);
-- A label that is NULL is a field hidden by the source: readings from FromReadingID on lack its values.
CREATE TABLE iot.FieldLabels (
    ChannelID INT NOT NULL,
    FieldNumber INT NOT NULL,
    Label NVARCHAR(MAX),
    SeenFrom DATETIME2(6) NOT NULL,
    SeenTo DATETIME2(6),
    FromReadingID BIGINT NOT NULL,
    CONSTRAINT CK_FieldLabels_Field CHECK (FieldNumber BETWEEN 1 AND 8)
);
CREATE CLUSTERED INDEX IX_FieldLabels_ChannelID_Field ON iot.FieldLabels(ChannelID, FieldNumber, SeenFrom);
