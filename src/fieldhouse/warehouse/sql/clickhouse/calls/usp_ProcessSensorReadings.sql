-- usp_ProcessSensorReadings(channel_id, aggregation_type, start_date, end_date, as_of): recompute by hand
-- the periods that touch [start, end); NULL dates are the seven days before as-of. How many they were. The
-- hours that days and weeks are merged from are recomputed with them. All in one turn, which keeps nobody waiting.
WITH
coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
coalesce({start_date:Nullable(DateTime64(6, 'UTC'))}, instant - INTERVAL 7 DAY) AS start_at,
coalesce({end_date:Nullable(DateTime64(6, 'UTC'))}, instant) - INTERVAL 1 MICROSECOND AS last_at
SELECT
    multiIf(
        {aggregation_type:String} = 'HOURLY', toStartOfHour(start_at),
        {aggregation_type:String} = 'DAILY', toStartOfDay(start_at),
        toDateTime64(toMonday(start_at), 6, 'UTC')
    ) AS FirstAt,
    fromUnixTimestamp64Micro(
        multiIf(
            {aggregation_type:String} = 'HOURLY', toUnixTimestamp64Micro(toStartOfHour(last_at)) + 3600000000,
            {aggregation_type:String} = 'DAILY', toUnixTimestamp64Micro(toStartOfDay(last_at)) + 86400000000,
            toUnixTimestamp64Micro(toDateTime64(toMonday(last_at), 6, 'UTC')) + 604800000000
        ) - 1, 'UTC'
    ) AS LastAt,
    {aggregation_type:String} <> 'HOURLY' AS IsWhole,
    (SELECT max(c.ArchivedBefore) FROM iot.Channels AS c WHERE c.ChannelID = {channel_id:Int64}) AS ArchivedBefore,
    toUnixTimestamp64Nano(now64(9)) AS Version;

WITH
-- include hours_asked
SELECT count() AS Periods, Periods > 0 AS HasHours FROM hours;

-- if IsWhole
WITH
-- include hours_asked
,
-- include wholes_asked
SELECT
    count() AS Periods, Periods > 0 AS HasWholes, [{channel_id:Int64}] AS WholesOf,
    minOrNull(w.PeriodStart) AS FirstWhole, maxOrNull(w.PeriodStart) AS LastWhole
FROM wholes AS w;

-- if HasHours
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
-- include hours_asked
,
-- include recomputed_hours

-- if HasWholes
INSERT INTO iot.Periods (
-- include period_columns
)
WITH
-- include hours_asked
,
-- include wholes_asked
,
-- include recomputed_wholes

-- if HasHours
INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Mark)
WITH
-- include hours_asked
-- include anomaly_marks
FROM hours AS t;

SELECT {Periods:Int64} AS Periods;
