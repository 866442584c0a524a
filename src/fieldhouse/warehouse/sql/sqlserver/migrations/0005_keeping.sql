-- What is kept, and for how long: how many readings each channel has, kept up by the loads, so that a status need not
-- count them; who logged in, whomever they act for; and indexes by which a load and what is old are found.
CREATE TABLE iot.ReadingCounts (
    ChannelID INT NOT NULL,
    Readings BIGINT NOT NULL,
    Withdrawn BIGINT NOT NULL CONSTRAINT DF_ReadingCounts_Withdrawn DEFAULT 0,
    FirstReading DATETIME2(6) NOT NULL,
    LastReading DATETIME2(6) NOT NULL,
    CONSTRAINT PK_ReadingCounts PRIMARY KEY CLUSTERED (ChannelID)
);
GO

INSERT INTO iot.ReadingCounts (ChannelID, Readings, Withdrawn, FirstReading, LastReading)
SELECT r.ChannelID, SUM(r.Readings), SUM(r.Withdrawn), MIN(r.FirstReading), MAX(r.LastReading)
FROM (
    SELECT
        n.ChannelID,
        COUNT_BIG(*) AS Readings,
        COUNT_BIG(n.WithdrawnAt) AS Withdrawn,
        MIN(n.CreatedAt) AS FirstReading,
        MAX(n.CreatedAt) AS LastReading
    FROM iot.SensorReadings AS n
    GROUP BY n.ChannelID
    UNION ALL
    SELECT a.ChannelID, COUNT_BIG(*), COUNT_BIG(a.WithdrawnAt), MIN(a.CreatedAt), MAX(a.CreatedAt)
    FROM iot.SensorReadings_Archive AS a
    GROUP BY a.ChannelID
) AS r
GROUP BY r.ChannelID;
GO

ALTER TABLE iot.AuditTrail ADD
    OriginalLogin NVARCHAR(128) CONSTRAINT DF_AuditTrail_OriginalLogin DEFAULT ORIGINAL_LOGIN();
-- without a filter, so that a seek is always to be had
DROP INDEX IX_AuditTrail_LoadID ON iot.AuditTrail;
CREATE NONCLUSTERED INDEX IX_AuditTrail_LoadID ON iot.AuditTrail(LoadID);
CREATE NONCLUSTERED INDEX IX_AuditTrail_ChangedAt ON iot.AuditTrail(ChangedAt);
CREATE NONCLUSTERED INDEX IX_PipelineRuns_StartedAt ON iot.PipelineRuns(StartedAt);
