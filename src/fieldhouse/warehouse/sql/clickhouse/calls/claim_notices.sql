-- claim_notices(claimed_by, as_of, claimed_until, limit): take messages that are due, so that nobody else sends them
-- until an instant. That of an end waits for that of the begin.
SELECT
    groupArray(d.NoticeID) AS NoticeIDs, groupArray(d.NoticeKind) AS NoticeKinds, groupArray(d.Receiver) AS Receivers
FROM (
    SELECT w.NoticeID AS NoticeID, w.NoticeKind AS NoticeKind, w.Receiver AS Receiver
    FROM iot.AlertNotices AS w
    WHERE
        w.SentAt IS NULL AND w.DueAt <= {as_of:DateTime64(6, 'UTC')}
        AND (w.ClaimedUntil IS NULL OR w.ClaimedUntil <= {as_of:DateTime64(6, 'UTC')})
        AND (
            w.NoticeKind = 'opened'
            OR (w.NoticeID, w.Receiver) NOT IN (
                SELECT o.NoticeID, o.Receiver FROM iot.AlertNotices AS o
                WHERE o.NoticeKind = 'opened' AND o.SentAt IS NULL
            )
        )
    ORDER BY w.DueAt, w.NoticeID
    LIMIT {limit:UInt64}
) AS d;

INSERT INTO iot.Incidents
SELECT
    n.* REPLACE (
        {claimed_by:String} AS ClaimedBy, {claimed_until:DateTime64(6, 'UTC')} AS ClaimedUntil,
        n.Attempts + 1 AS Attempts, n.Version + 1 AS Version
    )
FROM iot.Incidents AS n FINAL
WHERE
    n.Kind = 2 AND n.ID IN {NoticeIDs:Array(Int64)}
    AND has(
        arrayZip({NoticeIDs:Array(Int64)}, {NoticeKinds:Array(String)}, {Receivers:Array(String)}),
        (n.ID, n.NoticeKind, n.Receiver)
    );

SELECT n.NoticeID, n.NoticeKind, n.Receiver, n.RuleName, n.MadeAt, n.Attempts
FROM iot.AlertNotices AS n
WHERE
    n.NoticeID IN {NoticeIDs:Array(Int64)}
    AND has(
        arrayZip({NoticeIDs:Array(Int64)}, {NoticeKinds:Array(String)}, {Receivers:Array(String)}),
        (n.NoticeID, n.NoticeKind, n.Receiver)
    );
