-- usp_ProcessSensorReadings: the periods that touch [start, end), as they are to be stored; here it
-- only reads. NULL dates are the seven days before as-of.
CREATE OR REPLACE MACRO iot.usp_ProcessSensorReadings(
    ChannelID, AggregationType := 'HOURLY', StartDate := NULL, EndDate := NULL, AsOfTime := NULL
) AS TABLE
WITH
unit AS (
    SELECT
        coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now()))) AS A,
        CASE upper(AggregationType)
            WHEN 'HOURLY' THEN 'hour' WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week'
            ELSE error('ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY')
        END AS Name,
        CASE upper(AggregationType)
            WHEN 'HOURLY' THEN INTERVAL 1 HOUR WHEN 'DAILY' THEN INTERVAL 1 DAY ELSE INTERVAL 7 DAY
        END AS Length
),
edges AS (
    SELECT
        date_trunc(u.Name, coalesce(StartDate::TIMESTAMP, u.A - INTERVAL 7 DAY)) AS FirstAt,
        date_trunc(u.Name, coalesce(EndDate::TIMESTAMP, u.A) - INTERVAL 1 MICROSECOND) + u.Length AS EndAt
    FROM unit AS u
),
sourced AS NOT MATERIALIZED (
    SELECT
        epoch_us(date_trunc((SELECT u.Name FROM unit AS u), r.CreatedAt)) AS Period,
        r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT e.FirstAt FROM edges AS e)
        AND r.CreatedAt < (SELECT e.EndAt FROM edges AS e)
),
-- include period_statistics
SELECT
    ChannelID::BIGINT AS ChannelID, upper(AggregationType) AS AggregationType,
    make_timestamp(p.Period) AS PeriodStart,
    least(make_timestamp(p.Period) + u.Length, TIMESTAMP '9999-12-31 23:59:59.999999') AS PeriodEnd,
    p.Field#Avg, p.Field#Min, p.Field#Max, p.Field#StdDev, p.Field#Count, p.Field#Sum, -- each field
    p.ReadingCount
FROM statistics AS p
CROSS JOIN unit AS u
ORDER BY p.Period;
