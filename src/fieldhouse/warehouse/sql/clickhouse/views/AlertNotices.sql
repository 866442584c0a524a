-- Messages about alerts, to whom, and whether they are sent.
CREATE OR REPLACE VIEW iot.AlertNotices AS
SELECT
    n.ID AS NoticeID, n.NoticeKind AS NoticeKind, n.Receiver AS Receiver, n.RuleName AS RuleName, n.MadeAt AS MadeAt,
    n.DueAt AS DueAt, n.Attempts AS Attempts, n.ClaimedBy AS ClaimedBy, n.ClaimedUntil AS ClaimedUntil,
    n.SentAt AS SentAt, n.Error AS Error
FROM iot.Incidents AS n FINAL
WHERE n.Kind = 2;
