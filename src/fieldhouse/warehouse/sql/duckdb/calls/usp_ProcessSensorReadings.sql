-- usp_ProcessSensorReadings(channel_id, aggregation_type, start_date, end_date, as_of): recompute by hand
-- the periods that touch [start, end); NULL dates are the seven days before as-of. How many they were. The
-- hours that days and weeks are merged from are recomputed with them.
SET VARIABLE unit = CASE upper($aggregation_type)
    WHEN 'HOURLY' THEN 'hour' WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week'
    ELSE error('ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY') END;
SET VARIABLE as_of = coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())));
SET VARIABLE first_at = date_trunc(
    getvariable('unit'), coalesce($start_date::TIMESTAMP, getvariable('as_of') - INTERVAL 7 DAY)
);
SET VARIABLE end_at = date_trunc(
    getvariable('unit'), coalesce($end_date::TIMESTAMP, getvariable('as_of')) - INTERVAL 1 MICROSECOND
) + CASE getvariable('unit') WHEN 'hour' THEN INTERVAL 1 HOUR WHEN 'day' THEN INTERVAL 1 DAY ELSE INTERVAL 7 DAY END;

-- found in the first turn
CREATE TEMP TABLE IF NOT EXISTS asked AS
WITH
found AS (
    SELECT 'HOURLY' AS AggregationType, date_trunc('hour', r.CreatedAt) AS PeriodStart
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= getvariable('first_at') AND r.CreatedAt < getvariable('end_at')
    UNION
    SELECT g.AggregationType, g.PeriodStart
    FROM iot.AggregatedData AS g
    WHERE
        g.ChannelID = $channel_id AND g.AggregationType IN ('HOURLY', upper($aggregation_type))
        AND g.PeriodStart >= getvariable('first_at') AND g.PeriodStart < getvariable('end_at')
),
wanted AS (
    SELECT * FROM found
    UNION
    SELECT upper($aggregation_type), date_trunc(getvariable('unit'), f.PeriodStart) FROM found AS f
)
SELECT
    row_number() OVER (ORDER BY w.AggregationType <> 'HOURLY', w.PeriodStart) AS Number,
    c.ChannelID, w.AggregationType, w.PeriodStart
FROM wanted AS w
JOIN iot.Channels AS c ON c.ChannelID = $channel_id
WHERE c.ArchivedBefore IS NULL OR w.PeriodStart >= c.ArchivedBefore;
SET VARIABLE done = coalesce(getvariable('done'), 0);

CREATE OR REPLACE TEMP TABLE due AS
SELECT a.ChannelID, a.AggregationType, a.PeriodStart
FROM asked AS a
WHERE a.Number > getvariable('done') AND a.Number <= getvariable('done') + 20000;
-- include recompute_due

SET VARIABLE done = getvariable('done') + 20000;
SELECT
    (SELECT count(*) FROM asked AS a WHERE a.AggregationType = upper($aggregation_type)) AS Periods,
    (SELECT count(*) FROM asked) > getvariable('done') AS More;
