-- aggregates(channel_id, aggregation_type, start_at, end_at): periods that begin in a span; NULL is open.
SELECT
    g.AggregationID, g.ChannelID, g.AggregationType, g.PeriodStart, g.PeriodEnd,
    g.Field#Avg, g.Field#Min, g.Field#Max, g.Field#StdDev, g.Field#Count, -- each field
    g.ReadingCount, g.CreatedAt
FROM iot.AggregatedData AS g
WHERE
    g.ChannelID = {channel_id:Int64} AND g.AggregationType = upper({aggregation_type:String})
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR g.PeriodStart < {end_at:Nullable(DateTime64(6, 'UTC'))})
ORDER BY g.PeriodStart;
