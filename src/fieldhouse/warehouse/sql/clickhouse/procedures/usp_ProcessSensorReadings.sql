-- usp_ProcessSensorReadings: the periods that touch [start, end), as they are to be stored; here it
-- only reads. NULL dates are the seven days before as-of.
CREATE OR REPLACE VIEW iot.usp_ProcessSensorReadings AS
WITH
upper({AggregationType:String}) AS kind,
(
    SELECT throwIf(
        kind NOT IN ('HOURLY', 'DAILY', 'WEEKLY'),
        'ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY'
    )
) AS refused,
coalesce({AsOfTime:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
toUnixTimestamp64Micro(
    coalesce({StartDate:Nullable(DateTime64(6, 'UTC'))}, instant - INTERVAL 7 DAY)
) AS start_micros,
toUnixTimestamp64Micro(coalesce({EndDate:Nullable(DateTime64(6, 'UTC'))}, instant)) - 1 AS last_micros,
-- a week is counted from a Monday, 1969-12-29
multiIf(kind = 'HOURLY', 3600000000, kind = 'DAILY', 86400000000, 604800000000) AS length,
if(kind = 'WEEKLY', -259200000000, 0) AS origin,
sourced AS (
    SELECT
        toUnixTimestamp64Micro(r.CreatedAt)
        - positiveModulo(toUnixTimestamp64Micro(r.CreatedAt) - origin, length) AS Period,
        r.Field# -- each field, comma between
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = {ChannelID:Int64}
        AND r.CreatedAt >= fromUnixTimestamp64Micro(
            start_micros - positiveModulo(start_micros - origin, length), 'UTC'
        )
        AND r.CreatedAt < fromUnixTimestamp64Micro(
            last_micros - positiveModulo(last_micros - origin, length) + length, 'UTC'
        )
        AND NOT refused
),
-- include period_statistics
SELECT
    {ChannelID:Int64} AS ChannelID, kind AS AggregationType, fromUnixTimestamp64Micro(p.Period, 'UTC') AS PeriodStart,
    fromUnixTimestamp64Micro(least(p.Period + length, 253402300799999999), 'UTC') AS PeriodEnd,
    -- each field
    p.Fields[#].2 AS Field#Avg, p.Fields[#].3 AS Field#Min, p.Fields[#].4 AS Field#Max, p.Fields[#].5 AS Field#StdDev,
    p.Fields[#].6 AS Field#Count, p.Fields[#].7 AS Field#Sum,
    -- end
    p.ReadingCount AS ReadingCount
FROM statistics AS p
ORDER BY PeriodStart;
