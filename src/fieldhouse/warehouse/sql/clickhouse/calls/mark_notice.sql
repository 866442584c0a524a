-- mark_notice(notice_id, notice_kind, receiver, claimed_by, as_of, due_at, error): a message that was claimed is sent,
-- or, with an error, due again later; how many. One that was claimed by another meanwhile stays as it is.
SELECT count() AS Held FROM iot.AlertNotices AS n
WHERE
    n.NoticeID = {notice_id:Int64} AND n.NoticeKind = {notice_kind:String} AND n.Receiver = {receiver:String}
    AND n.ClaimedBy = {claimed_by:String} AND n.SentAt IS NULL;

-- if Held
INSERT INTO iot.Incidents
SELECT
    n.* REPLACE (
        if({error:Nullable(String)} IS NULL, {as_of:DateTime64(6, 'UTC')}, NULL) AS SentAt,
        ifNull({due_at:Nullable(DateTime64(6, 'UTC'))}, n.DueAt) AS DueAt,
        {error:Nullable(String)} AS Error, NULL AS ClaimedBy, NULL AS ClaimedUntil, n.Version + 1 AS Version
    )
FROM iot.Incidents AS n FINAL
WHERE
    n.Kind = 2 AND n.ID = {notice_id:Int64} AND n.NoticeKind = {notice_kind:String}
    AND n.Receiver = {receiver:String};

SELECT {Held:Int64} AS Notices;
