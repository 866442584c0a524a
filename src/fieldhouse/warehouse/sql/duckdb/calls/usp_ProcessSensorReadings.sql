-- usp_ProcessSensorReadings(channel_id, aggregation_type, start_date, end_date, as_of): recompute by hand
-- the periods that touch [start, end); NULL dates are the seven days before as-of. How many they were.
SET VARIABLE unit = CASE upper($aggregation_type)
    WHEN 'HOURLY' THEN 'hour' WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week'
    ELSE error('ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY') END;
SET VARIABLE as_of = coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())));
SET VARIABLE span_start = date_trunc(
    getvariable('unit'), coalesce($start_date::TIMESTAMP, getvariable('as_of') - INTERVAL 7 DAY)
);
SET VARIABLE span_end = coalesce($end_date::TIMESTAMP, getvariable('as_of'));

CREATE OR REPLACE TEMP TABLE taken AS
SELECT row_number() OVER () AS Period, p.ChannelID, p.PeriodStart
FROM (
    SELECT r.ChannelID, date_trunc(getvariable('unit'), r.CreatedAt) AS PeriodStart
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= getvariable('span_start') AND r.CreatedAt < getvariable('span_end')
    UNION ALL
    SELECT g.ChannelID, g.PeriodStart
    FROM iot.AggregatedData AS g
    WHERE
        g.ChannelID = $channel_id AND g.AggregationType = upper($aggregation_type)
        AND g.PeriodStart >= getvariable('span_start') AND g.PeriodStart < getvariable('span_end')
) AS p
JOIN iot.Channels AS c ON c.ChannelID = p.ChannelID
WHERE c.ArchivedBefore IS NULL OR p.PeriodStart >= c.ArchivedBefore
GROUP BY p.ChannelID, p.PeriodStart;

-- include recompute_taken
