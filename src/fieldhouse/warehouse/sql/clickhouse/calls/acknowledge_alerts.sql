-- acknowledge_alerts(alert_ids, acknowledged_by, acknowledged_at): somebody knows of these alerts: what is not told of
-- them yet, need not be; how many.
SELECT groupArray(a.AlertID) AS Known FROM iot.Alerts AS a
WHERE a.AlertID IN {alert_ids:Array(Int64)} AND a.OpenedAt IS NOT NULL AND a.ResolvedAt IS NULL;

INSERT INTO iot.Incidents
SELECT
    a.* REPLACE (
        {acknowledged_at:DateTime64(6, 'UTC')} AS AcknowledgedAt, {acknowledged_by:String} AS AcknowledgedBy,
        a.Version + 1 AS Version
    )
FROM iot.Incidents AS a FINAL
WHERE a.Kind = 1 AND a.ID IN {Known:Array(Int64)};

SELECT length({Known:Array(Int64)}) AS Alerts;
