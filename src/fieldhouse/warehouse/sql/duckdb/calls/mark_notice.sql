-- mark_notice(notice_id, notice_kind, receiver, claimed_by, as_of, due_at, error): a message that was claimed is sent,
-- or, with an error, due again later; how many. One that was claimed by another meanwhile stays as it is.
CREATE OR REPLACE TEMP TABLE marked AS
SELECT n.NoticeID FROM iot.AlertNotices AS n
WHERE
    n.NoticeID = $notice_id AND n.NoticeKind = $notice_kind AND n.Receiver = $receiver
    AND n.ClaimedBy = $claimed_by AND n.SentAt IS NULL;

UPDATE iot.AlertNotices AS n
SET
    SentAt = CASE WHEN $error::VARCHAR IS NULL THEN $as_of::TIMESTAMP END,
    DueAt = coalesce($due_at::TIMESTAMP, n.DueAt),
    Error = $error,
    ClaimedBy = NULL,
    ClaimedUntil = NULL
FROM marked AS m
WHERE m.NoticeID = n.NoticeID AND n.NoticeKind = $notice_kind AND n.Receiver = $receiver;

SELECT count(*) AS Notices FROM marked;
