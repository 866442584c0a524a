-- claim_notices(claimed_by, as_of, claimed_until, limit): take messages that are due, so that nobody else sends them
-- until an instant. That of an end waits for that of the begin.
UPDATE iot.AlertNotices AS n
SET ClaimedBy = $claimed_by, ClaimedUntil = $claimed_until, Attempts = n.Attempts + 1
FROM (
    SELECT w.NoticeID, w.NoticeKind, w.Receiver
    FROM iot.AlertNotices AS w
    WHERE
        w.SentAt IS NULL AND w.DueAt <= $as_of::TIMESTAMP
        AND (w.ClaimedUntil IS NULL OR w.ClaimedUntil <= $as_of::TIMESTAMP)
        AND (
            w.NoticeKind = 'opened'
            OR NOT EXISTS (
                SELECT 1
                FROM iot.AlertNotices AS o
                WHERE
                    o.NoticeID = w.NoticeID AND o.Receiver = w.Receiver
                    AND o.NoticeKind = 'opened' AND o.SentAt IS NULL
            )
        )
    ORDER BY w.DueAt, w.NoticeID
    LIMIT $limit
) AS d
WHERE d.NoticeID = n.NoticeID AND d.NoticeKind = n.NoticeKind AND d.Receiver = n.Receiver
RETURNING n.NoticeID, n.NoticeKind, n.Receiver, n.RuleName, n.MadeAt, n.Attempts;
