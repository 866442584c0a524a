-- INSERT: the periods of readings in changed(CreatedAt) of one channel are to be recomputed, and rules applied to
-- those readings.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT $channel_id::BIGINT, k.Kind, date_trunc(k.Unit, c.CreatedAt)
FROM changed AS c
CROSS JOIN (
    VALUES ('HOURLY', 'hour'), ('DAILY', 'day'), ('WEEKLY', 'week'), ('QUALITY', 'day')
) AS k (Kind, Unit);

CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT $channel_id::BIGINT AS ChannelID, c.CreatedAt FROM changed AS c;
-- include correct_touched
