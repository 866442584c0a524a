-- What is kept, and for how long: how many readings each channel has, kept up by the loads, so that a status need not
-- count them; who logged in, whomever they act for; and indexes by which what is old is found and forgotten.
CREATE TABLE iot.ReadingCounts (
    ChannelID INT NOT NULL,
    Readings BIGINT NOT NULL,
    FirstReading DATETIME2(6) NOT NULL,
    LastReading DATETIME2(6) NOT NULL,
    CONSTRAINT PK_ReadingCounts PRIMARY KEY CLUSTERED (ChannelID)
);
GO

INSERT INTO iot.ReadingCounts (ChannelID, Readings, FirstReading, LastReading)
SELECT r.ChannelID, SUM(r.Readings), MIN(r.FirstReading), MAX(r.LastReading)
FROM (
    SELECT
        n.ChannelID,
        COUNT_BIG(*) AS Readings,
        MIN(n.CreatedAt) AS FirstReading,
        MAX(n.CreatedAt) AS LastReading
    FROM iot.SensorReadings AS n
    GROUP BY n.ChannelID
    UNION ALL
    SELECT a.ChannelID, COUNT_BIG(*), MIN(a.CreatedAt), MAX(a.CreatedAt)
    FROM iot.SensorReadings_Archive AS a
    GROUP BY a.ChannelID
) AS r
GROUP BY r.ChannelID;
GO

ALTER TABLE iot.AuditTrail ADD
    OriginalLogin NVARCHAR(128) CONSTRAINT DF_AuditTrail_OriginalLogin DEFAULT ORIGINAL_LOGIN();
CREATE NONCLUSTERED INDEX IX_AuditTrail_ChangedAt ON iot.AuditTrail(ChangedAt);
CREATE NONCLUSTERED INDEX IX_PipelineRuns_StartedAt ON iot.PipelineRuns(StartedAt);
