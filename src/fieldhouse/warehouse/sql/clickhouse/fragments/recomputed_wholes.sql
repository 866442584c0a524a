-- From wholes(ChannelID, AggregationType, PeriodStart), days and weeks of the channels WholesOf that begin from FirstWhole
-- to LastWhole: what these come to, of their hours, as rows of iot.Periods. One without hours is to go.
parts AS (
    SELECT
        g.ChannelID, w.1 AS AggregationType, w.2 AS PeriodStart, g.PeriodStart AS PartStart, g.ReadingCount,
        -- each field, comma between
        g.Field#Sum, g.Field#Min, g.Field#Max, g.Field#StdDev, g.Field#Count
        -- end
    FROM iot.AggregatedData AS g
    ARRAY JOIN [
        ('DAILY', toStartOfDay(g.PeriodStart)), ('WEEKLY', toDateTime64(toMonday(g.PeriodStart), 6, 'UTC'))
    ] AS w
    WHERE
        g.AggregationType = 'HOURLY' AND has({WholesOf:Array(Int64)}, g.ChannelID)
        AND g.PeriodStart BETWEEN {FirstWhole:DateTime64(6, 'UTC')} AND {LastWhole:DateTime64(6, 'UTC')} + INTERVAL 7 DAY
        AND (g.ChannelID, w.1, w.2) IN (SELECT t.ChannelID, t.AggregationType, t.PeriodStart FROM wholes AS t)
),
-- include merged_statistics
SELECT
    t.ChannelID, t.AggregationType, t.PeriodStart,
    least(
        t.PeriodStart + toIntervalDay(if(t.AggregationType = 'DAILY', 1, 7)),
        toDateTime64('9999-12-31 23:59:59.999999', 6, 'UTC')
    ),
    s.Fields[#].2, s.Fields[#].3, s.Fields[#].4, s.Fields[#].5, s.Fields[#].6, s.Fields[#].7, -- each field
    coalesce(s.ReadingCount, 0), {Version:UInt64}, empty(s.Fields)
FROM wholes AS t
LEFT JOIN statistics AS s
    ON s.ChannelID = t.ChannelID AND s.AggregationType = t.AggregationType AND s.PeriodStart = t.PeriodStart;
