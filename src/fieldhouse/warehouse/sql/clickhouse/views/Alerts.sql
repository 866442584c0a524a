-- What was wrong, from when to when.
CREATE OR REPLACE VIEW iot.Alerts AS
SELECT
    a.ID AS AlertID, a.RuleName AS RuleName, CAST(a.Severity, 'String') AS Severity, a.SeverityLevel AS SeverityLevel,
    a.ChannelID AS ChannelID, a.FieldNumber AS FieldNumber, a.SinceAt AS SinceAt, a.SeenAt AS SeenAt,
    a.OpenedAt AS OpenedAt, a.LastSeenAt AS LastSeenAt, a.QuietSince AS QuietSince, a.ResolvedAt AS ResolvedAt,
    a.Flaps AS Flaps, a.Figure AS Figure, a.Summary AS Summary, a.NoticeID AS NoticeID,
    a.AcknowledgedAt AS AcknowledgedAt, a.AcknowledgedBy AS AcknowledgedBy
FROM iot.Incidents AS a FINAL
WHERE a.Kind = 1 AND NOT a.Deleted;
