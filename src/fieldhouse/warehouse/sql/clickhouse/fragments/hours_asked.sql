-- CTE: the hours of [FirstAt, LastAt] that there are, or were, in a channel; of those that are not archived.
hours AS (
    SELECT h.ChannelID, h.PeriodStart
    FROM (
        SELECT r.ChannelID, toStartOfHour(r.CreatedAt) AS PeriodStart
        FROM iot.CurrentReadings AS r
        WHERE r.ChannelID = {channel_id:Int64} AND r.CreatedAt BETWEEN {FirstAt:DateTime64(6, 'UTC')} AND {LastAt:DateTime64(6, 'UTC')}
        UNION DISTINCT
        SELECT g.ChannelID, g.PeriodStart
        FROM iot.AggregatedData AS g
        WHERE
            g.ChannelID = {channel_id:Int64} AND g.AggregationType = 'HOURLY'
            AND g.PeriodStart BETWEEN {FirstAt:DateTime64(6, 'UTC')} AND {LastAt:DateTime64(6, 'UTC')}
    ) AS h
    WHERE {ArchivedBefore:Nullable(DateTime64(6, 'UTC'))} IS NULL OR h.PeriodStart >= {ArchivedBefore:Nullable(DateTime64(6, 'UTC'))}
)
