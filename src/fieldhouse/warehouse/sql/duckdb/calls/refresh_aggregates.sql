-- refresh_aggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were.
-- No channel ids: all channels. Marks from before a channel's ArchivedBefore are dropped.
SET VARIABLE unit = CASE upper($aggregation_type)
    WHEN 'HOURLY' THEN 'hour' WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week'
    ELSE error('ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY') END;

DELETE FROM iot.PeriodMarks AS m
USING iot.Channels AS c
WHERE c.ChannelID = m.ChannelID AND m.PeriodStart < c.ArchivedBefore;

CREATE OR REPLACE TEMP TABLE taken AS
SELECT row_number() OVER () AS Period, m.ChannelID, m.PeriodStart
FROM iot.PeriodMarks AS m
WHERE
    m.AggregationType = upper($aggregation_type)
    AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID))
GROUP BY m.ChannelID, m.PeriodStart;

-- include recompute_taken
