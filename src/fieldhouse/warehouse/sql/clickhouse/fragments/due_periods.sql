-- CTE: the periods that this turn recomputes: what its marks name, but for what is archived.
due AS (
    SELECT t.ChannelID AS ChannelID, t.AggregationType AS AggregationType, t.PeriodStart AS PeriodStart
    FROM (
        SELECT m.ChannelID, m.AggregationType, m.PeriodStart
-- include marks_taken
    ) AS t
    LEFT JOIN (SELECT c.ChannelID, c.ArchivedBefore FROM iot.Channels AS c WHERE c.ArchivedBefore IS NOT NULL) AS a
        ON a.ChannelID = t.ChannelID
    WHERE a.ArchivedBefore IS NULL OR t.PeriodStart >= a.ArchivedBefore
)
