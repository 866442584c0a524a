-- aggregates(channel_id, aggregation_type, start_at, end_at): periods that begin in a span; NULL is open.
SELECT
    g.AggregationID, g.ChannelID, g.AggregationType, g.PeriodStart, g.PeriodEnd,
    g.Field#Avg, g.Field#Min, g.Field#Max, g.Field#StdDev, g.Field#Count, -- each field
    g.ReadingCount, g.CreatedAt
FROM iot.AggregatedData AS g
WHERE
    g.ChannelID = $channel_id AND g.AggregationType = upper($aggregation_type)
    AND ($start_at::TIMESTAMP IS NULL OR g.PeriodStart >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR g.PeriodStart < $end_at::TIMESTAMP)
ORDER BY g.PeriodStart;
