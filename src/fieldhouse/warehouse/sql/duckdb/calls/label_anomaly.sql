-- label_anomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back; how
-- many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
CREATE OR REPLACE TEMP TABLE labelled AS
SELECT a.ChannelID, a.FieldNumber, a.Family, a.StartedAt, a.EndedAt
FROM iot.Anomalies AS a
WHERE a.AnomalyID = $anomaly_id;
DELETE FROM iot.AnomalyLabels AS l
USING labelled AS a
WHERE
    l.ChannelID = a.ChannelID AND l.FieldNumber = a.FieldNumber AND l.Family = a.Family AND l.StartedAt = a.StartedAt;
INSERT INTO iot.AnomalyLabels (ChannelID, FieldNumber, Family, StartedAt, IsReal, LabelledBy, LabelledAt)
SELECT
    a.ChannelID, a.FieldNumber, a.Family, a.StartedAt, $is_real::BOOLEAN, $labelled_by, make_timestamp(epoch_us(now()))
FROM labelled AS a
WHERE $is_real::BOOLEAN IS NOT NULL;
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT q.ChannelID, 'QUALITY', q.CheckDate::TIMESTAMP
FROM iot.DataQuality AS q
JOIN labelled AS a ON a.ChannelID = q.ChannelID AND q.CheckDate BETWEEN a.StartedAt::DATE AND a.EndedAt::DATE;
SELECT count(*) AS Labelled FROM labelled;
