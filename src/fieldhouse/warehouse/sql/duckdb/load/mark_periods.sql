-- The periods that changed readings fall in, unless marked already; nothing before the archive's edge.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
WITH
hours AS MATERIALIZED (
    SELECT DISTINCT ChannelID, date_trunc('hour', CreatedAt) AS PeriodStart FROM touched
),
days AS MATERIALIZED (
    SELECT DISTINCT ChannelID, date_trunc('day', PeriodStart) AS PeriodStart FROM hours
),
periods AS (
    SELECT ChannelID, 'HOURLY' AS AggregationType, PeriodStart FROM hours
    UNION ALL
    SELECT ChannelID, 'DAILY', PeriodStart FROM days
    UNION ALL
    SELECT ChannelID, 'QUALITY', PeriodStart FROM days
    UNION ALL
    SELECT DISTINCT ChannelID, 'WEEKLY', date_trunc('week', PeriodStart) FROM days
)
SELECT p.ChannelID, p.AggregationType, p.PeriodStart
FROM periods AS p
JOIN iot.Channels AS c ON c.ChannelID = p.ChannelID
ANTI JOIN iot.PeriodMarks AS m
    ON m.ChannelID = p.ChannelID AND m.AggregationType = p.AggregationType AND m.PeriodStart = p.PeriodStart
WHERE c.ArchivedBefore IS NULL OR p.PeriodStart >= c.ArchivedBefore;
