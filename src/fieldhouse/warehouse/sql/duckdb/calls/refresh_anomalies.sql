-- refresh_anomalies(channel_ids, as_of): judge the marked days by what was known before them; how many they were. No
-- channel ids: all channels. Days after as-of keep their marks, days before a channel's ArchivedBefore lose them. At
-- most 200 days a turn; an answer with More, TRUE, asks for another turn. Days in which what counts as unusual changes
-- are marked, so that their quality is judged again.
--
-- A value x of an hour is scored by the level m and the spread s of such hours: z = (x - m) / s, of which FAR is |z|
-- and LEAN the mean of the last 24, each no more than 6. How rare both are among the channel's own scores so far makes
-- the score, -log10 of both shares together. A hit scores 4.6 or more (more where readings come more often than each
-- five minutes), or lies outside of all that was known by more than a twentieth of it.
SET VARIABLE as_of = coalesce(getvariable('as_of'), $as_of::TIMESTAMP, make_timestamp(epoch_us(now())));
DELETE FROM iot.AnomalyMarks AS m
USING iot.Channels AS c
WHERE
    c.ChannelID = m.ChannelID AND m.Day < c.ArchivedBefore
    AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID));

-- four hundred days before a channel's newest no day is judged: a long history costs no more than a year of it
DELETE FROM iot.AnomalyMarks AS m
USING (
    SELECT d.ChannelID, greatest(max(d.Day), any_value(n.NewestDay)) AS NewestDay
    FROM iot.AnomalyMarks AS d
    LEFT JOIN iot.AnomalyChannels AS n ON n.ChannelID = d.ChannelID
    WHERE
        d.Day <= getvariable('as_of')::DATE
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], d.ChannelID))
    GROUP BY d.ChannelID
) AS h
WHERE h.ChannelID = m.ChannelID AND h.NewestDay - m.Day > 400;

-- a history that has grown backwards is judged anew from its new beginning
CREATE OR REPLACE TEMP TABLE restarted AS
SELECT m.ChannelID, greatest(max(m.Day), any_value(f.NewestDay)) AS NewestDay
FROM iot.AnomalyMarks AS m
JOIN iot.AnomalyChannels AS f ON f.ChannelID = m.ChannelID
WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID)
GROUP BY m.ChannelID
HAVING min(m.Day) < any_value(f.FirstDay);
-- if EXISTS (FROM restarted)
DELETE FROM iot.AnomalyModels AS d USING restarted AS r WHERE d.ChannelID = r.ChannelID;
-- if EXISTS (FROM restarted)
DELETE FROM iot.AnomalyChannels AS d USING restarted AS r WHERE d.ChannelID = r.ChannelID;
-- if EXISTS (FROM restarted)
DELETE FROM iot.AnomalyModelsKept AS d USING restarted AS r WHERE d.ChannelID = r.ChannelID;
-- if EXISTS (FROM restarted)
INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT g.ChannelID, g.PeriodStart::DATE
FROM iot.AggregatedData AS g
JOIN restarted AS r ON r.ChannelID = g.ChannelID
WHERE g.AggregationType = 'DAILY' AND r.NewestDay - g.PeriodStart::DATE <= 400
ON CONFLICT DO NOTHING;

CREATE OR REPLACE TEMP TABLE asked AS
SELECT m.ChannelID, m.Day
FROM iot.AnomalyMarks AS m
WHERE
    m.Day <= getvariable('as_of')::DATE
    AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], m.ChannelID))
ORDER BY m.ChannelID, m.Day
LIMIT 200;
SELECT coalesce(getvariable('days'), 0) AS Days, FALSE AS More WHERE NOT EXISTS (FROM asked);
SET VARIABLE bounds = (
    SELECT {
        'FirstChannel': min(a.ChannelID), 'LastChannel': max(a.ChannelID), 'FirstDay': min(a.Day), 'LastDay': max(a.Day)
    }
    FROM asked AS a
);
-- include model_days
-- include judge_days
-- include spell_days

DELETE FROM iot.AnomalyMarks AS m USING asked AS a WHERE m.ChannelID = a.ChannelID AND m.Day = a.Day;
SET VARIABLE days = coalesce(getvariable('days'), 0) + (SELECT count(*) FROM asked);
SELECT getvariable('days') AS Days, (SELECT count(*) FROM asked) = 200 AS More;
