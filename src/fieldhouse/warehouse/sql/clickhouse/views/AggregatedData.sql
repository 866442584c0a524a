-- Each channel's hours, days and weeks: mean, least, greatest, deviation.
CREATE OR REPLACE VIEW iot.AggregatedData AS
SELECT
    toInt64(bitShiftRight(sipHash64(g.ChannelID, g.AggregationType, g.PeriodStart), 1)) AS AggregationID,
    g.ChannelID AS ChannelID, CAST(g.AggregationType, 'String') AS AggregationType, g.PeriodStart AS PeriodStart,
    g.PeriodEnd AS PeriodEnd,
    -- each field
    g.Field#Avg AS Field#Avg, g.Field#Min AS Field#Min, g.Field#Max AS Field#Max, g.Field#StdDev AS Field#StdDev,
    g.Field#Count AS Field#Count,
    -- end
    g.ReadingCount AS ReadingCount, g.CreatedAt AS CreatedAt,
    g.Field#Sum AS Field#Sum -- each field, comma between
FROM iot.Periods AS g FINAL;
