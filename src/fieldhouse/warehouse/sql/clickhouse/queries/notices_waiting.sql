-- notices_waiting(): each receiver's messages that are not sent, since when, and what the last attempt said.
SELECT
    n.Receiver AS Receiver, count() AS Notices, min(n.MadeAt) AS MadeAt, sum(n.Attempts) AS Attempts,
    argMax(n.Error, n.DueAt) AS Error
FROM iot.AlertNotices AS n
WHERE n.SentAt IS NULL
GROUP BY n.Receiver
ORDER BY n.Receiver;
