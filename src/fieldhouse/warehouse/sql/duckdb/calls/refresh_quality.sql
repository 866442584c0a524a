-- refresh_quality(channel_ids, as_of): judge the touched days, today, and days judged before they had
-- ended; their rows. No channel ids: all channels. Days after as-of keep their marks. At most 1,000 days a
-- turn; an answer with More, TRUE, asks for another turn.
SET VARIABLE as_of = coalesce(getvariable('as_of'), $as_of::TIMESTAMP, make_timestamp(epoch_us(now())));
SET VARIABLE done = coalesce(getvariable('done'), 0);

-- found in the first turn
CREATE TEMP TABLE IF NOT EXISTS wanted AS
SELECT row_number() OVER (ORDER BY w.ChannelID, w.CheckDate) AS Number, w.ChannelID, w.CheckDate
FROM (
    SELECT DISTINCT d.ChannelID, d.CheckDate
    FROM (
        SELECT m.ChannelID, m.PeriodStart::DATE AS CheckDate
        FROM iot.PeriodMarks AS m
        WHERE m.AggregationType = 'QUALITY' AND m.PeriodStart < getvariable('as_of')
        UNION ALL
        SELECT c.ChannelID, getvariable('as_of')::DATE FROM iot.Channels AS c
        UNION ALL
        SELECT q.ChannelID, q.CheckDate
        FROM iot.DataQuality AS q
        WHERE q.AsOfTime < (q.CheckDate + 1)::TIMESTAMP AND q.CheckDate < getvariable('as_of')::DATE
    ) AS d
    JOIN iot.Channels AS c ON c.ChannelID = d.ChannelID
    WHERE
        ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], d.ChannelID))
        AND (c.ArchivedBefore IS NULL OR d.CheckDate >= c.ArchivedBefore)
) AS w;

CREATE OR REPLACE TEMP TABLE asked AS
SELECT w.ChannelID, w.CheckDate
FROM wanted AS w
WHERE w.Number > getvariable('done') AND w.Number <= getvariable('done') + 1000;
-- include judge_asked

DELETE FROM iot.PeriodMarks AS m
USING asked AS a
WHERE m.ChannelID = a.ChannelID AND m.AggregationType = 'QUALITY' AND m.PeriodStart = a.CheckDate;
SET VARIABLE done = getvariable('done') + 1000;
SELECT TRUE AS More WHERE (SELECT count(*) FROM wanted) > getvariable('done');

SELECT q.*
FROM iot.DataQuality AS q
JOIN wanted AS w ON w.ChannelID = q.ChannelID AND w.CheckDate = q.CheckDate
ORDER BY q.ChannelID, q.CheckDate;
