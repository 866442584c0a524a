-- sparklines(channel_ids, start_at, end_at, seconds): several channels' hours that begin in a span, from the
-- aggregates, in buckets of so many seconds, counted from 1970.
SELECT
    g.ChannelID, time_bucket(to_seconds($seconds), g.PeriodStart, TIMESTAMP '1970-01-01') AS BucketStart,
    -- each field
    sum(g.Field#Avg * g.Field#Count) / nullif(sum(g.Field#Count), 0) AS Field#Avg,
    -- end
    sum(g.ReadingCount)::BIGINT AS ReadingCount
FROM iot.AggregatedData AS g
WHERE
    g.AggregationType = 'HOURLY' AND list_contains($channel_ids::BIGINT[], g.ChannelID)
    AND g.PeriodStart >= $start_at::TIMESTAMP AND g.PeriodStart < $end_at::TIMESTAMP
GROUP BY g.ChannelID, BucketStart
ORDER BY g.ChannelID, BucketStart;
