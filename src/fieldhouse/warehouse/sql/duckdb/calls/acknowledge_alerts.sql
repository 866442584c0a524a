-- acknowledge_alerts(alert_ids, acknowledged_by, acknowledged_at): somebody knows of these alerts: what is not told of
-- them yet, need not be; how many.
CREATE OR REPLACE TEMP TABLE acknowledged AS
SELECT a.AlertID FROM iot.Alerts AS a
WHERE
    list_contains($alert_ids::BIGINT[], a.AlertID) AND a.OpenedAt IS NOT NULL AND a.ResolvedAt IS NULL;

UPDATE iot.Alerts AS a
SET AcknowledgedAt = $acknowledged_at, AcknowledgedBy = $acknowledged_by
FROM acknowledged AS k
WHERE k.AlertID = a.AlertID;

SELECT count(*) AS Alerts FROM acknowledged;
