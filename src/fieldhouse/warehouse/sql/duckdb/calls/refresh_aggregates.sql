-- refresh_aggregates(aggregation_type, channel_ids): recompute the marked periods; how many they were. No type:
-- all three; days and weeks are merged from hours, so that the marked hours come with each. No channel ids: all
-- channels. At most 50,000 a turn, and only hours as long as there are more; an answer with More, TRUE, asks for
-- another turn. Marks from before a channel's ArchivedBefore are dropped.
SET VARIABLE kinds = CASE upper($aggregation_type)
    WHEN 'HOURLY' THEN ['HOURLY'] WHEN 'DAILY' THEN ['HOURLY', 'DAILY'] WHEN 'WEEKLY' THEN ['HOURLY', 'WEEKLY']
    ELSE CASE WHEN $aggregation_type IS NULL THEN ['HOURLY', 'DAILY', 'WEEKLY']
        ELSE error('ConfigurationError: the aggregation types are HOURLY, DAILY and WEEKLY') END
END;
DELETE FROM iot.PeriodMarks AS m
USING iot.Channels AS c
WHERE
    c.ChannelID = m.ChannelID AND m.PeriodStart < c.ArchivedBefore
    AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID));
SET VARIABLE waiting = (
    SELECT {'Hours': count(*) FILTER (m.AggregationType = 'HOURLY'), 'All': count(*)}
    FROM iot.PeriodMarks AS m
    WHERE
        list_contains(getvariable('kinds'), m.AggregationType)
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID))
);
SELECT coalesce(getvariable('periods'), 0) AS Periods, FALSE AS More WHERE getvariable('waiting').All = 0;

CREATE OR REPLACE TEMP TABLE due AS
SELECT DISTINCT d.*
FROM (
    SELECT m.ChannelID, m.AggregationType, m.PeriodStart
    FROM iot.PeriodMarks AS m
    WHERE
        list_contains(getvariable('kinds'), m.AggregationType)
        AND (m.AggregationType = 'HOURLY' OR getvariable('waiting').Hours <= 50000)
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID))
    ORDER BY m.AggregationType <> 'HOURLY', m.ChannelID, m.PeriodStart
    LIMIT 50000
) AS d;
-- include recompute_due

SET VARIABLE periods = coalesce(getvariable('periods'), 0) + (SELECT count(*) FROM due);
SELECT getvariable('periods') AS Periods, getvariable('waiting').All > 50000 AS More;
