-- sparklines(channel_ids, start_at, end_at, seconds): several channels' hours that begin in a span, from the
-- aggregates, in buckets of so many seconds, counted from 1970.
SELECT
    g.ChannelID,
    fromUnixTimestamp64Micro(
        toUnixTimestamp64Micro(g.PeriodStart)
        - positiveModulo(toUnixTimestamp64Micro(g.PeriodStart), {seconds:Int64} * 1000000), 'UTC'
    ) AS BucketStart,
    -- each field
    sum(g.Field#Avg * g.Field#Count) / nullIf(sum(g.Field#Count), 0) AS Field#Avg,
    -- end
    sum(g.ReadingCount) AS ReadingCount
FROM iot.AggregatedData AS g
WHERE
    g.AggregationType = 'HOURLY' AND has({channel_ids:Array(Nullable(Int64))}, g.ChannelID)
    AND g.PeriodStart >= {start_at:DateTime64(6, 'UTC')} AND g.PeriodStart < {end_at:DateTime64(6, 'UTC')}
GROUP BY g.ChannelID, BucketStart
ORDER BY g.ChannelID, BucketStart;
