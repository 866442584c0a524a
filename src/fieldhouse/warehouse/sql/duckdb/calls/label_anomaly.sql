-- label_anomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back; how
-- many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
CREATE OR REPLACE TEMP TABLE labelled AS SELECT a.* FROM iot.Anomalies AS a WHERE a.AnomalyID = $anomaly_id;
-- what is real is kept out of the models, or comes back into them: they are made anew from the last one before it
CREATE OR REPLACE TEMP TABLE rewound AS
SELECT a.ChannelID, max(m.Day) AS Day
FROM labelled AS a
JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID AND n.NewestDay > a.StartedAt::DATE
JOIN iot.AnomalyModelsKept AS m ON m.ChannelID = a.ChannelID AND m.Day <= a.StartedAt::DATE
WHERE coalesce($is_real::BOOLEAN, FALSE) <> coalesce(a.IsReal, FALSE)
GROUP BY a.ChannelID;
DELETE FROM iot.AnomalyModels AS m USING rewound AS r WHERE m.ChannelID = r.ChannelID;
INSERT INTO iot.AnomalyModels
SELECT m.* FROM iot.AnomalyModelsKept AS m JOIN rewound AS r ON r.ChannelID = m.ChannelID AND r.Day = m.Day;
DELETE FROM iot.AnomalyModelsKept AS m USING rewound AS r WHERE m.ChannelID = r.ChannelID AND m.Day >= r.Day;
UPDATE iot.AnomalyChannels AS n
SET RewoundFrom = coalesce(n.RewoundFrom, n.NewestDay), NewestDay = r.Day
FROM rewound AS r
WHERE r.ChannelID = n.ChannelID;
DELETE FROM iot.AnomalyLabels AS l
USING labelled AS a
WHERE
    l.ChannelID = a.ChannelID AND l.FieldNumber = a.FieldNumber AND l.Family = a.Family AND l.StartedAt = a.StartedAt;
INSERT INTO iot.AnomalyLabels (
    ChannelID, FieldNumber, Family, StartedAt, IsReal, LabelledBy, LabelledAt, EndedAt, Low, High
)
SELECT
    a.ChannelID, a.FieldNumber, a.Family, a.StartedAt, $is_real::BOOLEAN, $labelled_by,
    make_timestamp(epoch_us(now())), a.EndedAt,
    CASE WHEN a.Family IN ('STUCK', 'SILENCE') THEN 0 ELSE least(a.Value::DOUBLE, a.Expected) END,
    CASE
        WHEN a.Family IN ('STUCK', 'SILENCE') THEN epoch(a.EndedAt - a.StartedAt)
        ELSE greatest(a.Value::DOUBLE, a.Expected)
    END
FROM labelled AS a
WHERE $is_real::BOOLEAN IS NOT NULL;
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT q.ChannelID, 'QUALITY', q.CheckDate::TIMESTAMP
FROM iot.DataQuality AS q
JOIN labelled AS a ON a.ChannelID = q.ChannelID AND q.CheckDate BETWEEN a.StartedAt::DATE AND a.EndedAt::DATE;
SELECT count(*) AS Labelled FROM labelled;
