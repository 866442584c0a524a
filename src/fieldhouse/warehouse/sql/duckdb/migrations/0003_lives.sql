-- What a source no longer has, what is in dispute, which labels were seen when, and what a plan stands on.
ALTER TABLE iot.SensorReadings ADD COLUMN WithdrawnAt TIMESTAMP;
ALTER TABLE iot.SensorReadings_Archive ADD COLUMN WithdrawnAt TIMESTAMP;

ALTER TABLE iot.Epochs ADD COLUMN Evidence VARCHAR;
ALTER TABLE iot.Epochs ADD COLUMN FirstCreatedAt TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN LastCreatedAt TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN BeganWith BIGINT;
ALTER TABLE iot.Epochs ADD COLUMN IsJudged BOOLEAN DEFAULT FALSE;
ALTER TABLE iot.Epochs ADD COLUMN SweptAt TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN SweptTo TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN AgainStart TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN AgainEnd TIMESTAMP;
ALTER TABLE iot.Epochs ADD COLUMN Version BIGINT DEFAULT 0;

UPDATE iot.Epochs AS e
SET FirstCreatedAt = r.FirstCreatedAt, LastCreatedAt = r.LastCreatedAt
FROM (
    SELECT a.ChannelID, a.Epoch, min(a.CreatedAt) AS FirstCreatedAt, max(a.CreatedAt) AS LastCreatedAt
    FROM (
        SELECT ChannelID, Epoch, CreatedAt FROM iot.SensorReadings
        UNION ALL
        SELECT ChannelID, Epoch, CreatedAt FROM iot.SensorReadings_Archive
    ) AS a
    GROUP BY a.ChannelID, a.Epoch
) AS r
WHERE e.ChannelID = r.ChannelID AND e.Epoch = r.Epoch;

CREATE TABLE iot.NewGaps (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    FirstEntryID BIGINT NOT NULL,
    LastEntryID BIGINT NOT NULL,
    State VARCHAR NOT NULL,
    AtSecond TIMESTAMP,
    DueAt TIMESTAMP,
    CONSTRAINT CK_Gaps_State CHECK (State IN ('open', 'absent', 'unreachable', 'older')),
    CONSTRAINT CK_Gaps_Run CHECK (FirstEntryID <= LastEntryID)
);
INSERT INTO iot.NewGaps SELECT *, NULL FROM iot.Gaps;
DROP TABLE iot.Gaps;
ALTER TABLE iot.NewGaps RENAME TO Gaps;

CREATE TABLE iot.Disputes (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    EntryID BIGINT NOT NULL,
    CreatedAt TIMESTAMP NOT NULL,
    RaisedAt TIMESTAMP NOT NULL,
    State VARCHAR NOT NULL,
    CONSTRAINT CK_Disputes_State CHECK (State IN ('open', 'kept'))
);

-- Which epochs show again what an older one has, and from when to when: there the older one does not count.
CREATE TABLE iot.Reimports (
    ChannelID BIGINT NOT NULL,
    Epoch INTEGER NOT NULL,
    OlderEpoch INTEGER NOT NULL,
    SpanStart TIMESTAMP NOT NULL,
    SpanEnd TIMESTAMP NOT NULL,
    OlderReadings BIGINT NOT NULL,
    ShownAgain BIGINT NOT NULL
);

-- A label that is NULL is a field hidden by the source: readings from FromReadingID on lack its values.
CREATE TABLE iot.FieldLabels (
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    Label VARCHAR,
    SeenFrom TIMESTAMP NOT NULL,
    SeenTo TIMESTAMP,
    FromReadingID BIGINT NOT NULL,
    CONSTRAINT CK_FieldLabels_Field CHECK (FieldNumber BETWEEN 1 AND 8)
);
