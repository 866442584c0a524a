-- settle_alerts(firing, as_of, judged, configured, calm, gather, pause, receivers, levels): hold what fires against the
-- alerts that are kept: open, go on, end; make the messages. Rules that are not among the judged ones stay as they
-- are, unless they are no longer configured. An alert ends when its rule held no more for the calm seconds, longer the
-- more often it came back. A message tells of all alerts of a rule; its end is told once, when all of them have ended.
CREATE OR REPLACE TEMP TABLE seen AS
SELECT a.AlertID, f.*
FROM firing AS f
JOIN iot.Alerts AS a
    ON
        a.RuleName = f.rule_name AND a.ChannelID = f.channel_id AND a.FieldNumber = f.field_number
        AND a.ResolvedAt IS NULL;

UPDATE iot.Alerts AS a
SET
    LastSeenAt = $as_of::TIMESTAMP,
    Flaps = a.Flaps + CASE WHEN a.QuietSince IS NULL THEN 0 ELSE 1 END,
    QuietSince = NULL,
    OpenedAt = CASE
        WHEN a.OpenedAt IS NOT NULL THEN a.OpenedAt
        WHEN a.SeenAt + to_microseconds((s.for_seconds * 1e6)::BIGINT) <= $as_of::TIMESTAMP THEN $as_of::TIMESTAMP
    END,
    Figure = s.figure,
    Summary = s.summary
FROM seen AS s
WHERE s.AlertID = a.AlertID;

INSERT INTO iot.Alerts (
    RuleName, Severity, SeverityLevel, ChannelID, FieldNumber, SinceAt, SeenAt, OpenedAt, LastSeenAt, Flaps, Figure,
    Summary
)
SELECT
    f.rule_name, f.severity, f.level, f.channel_id, f.field_number, f.since_at, $as_of::TIMESTAMP,
    CASE WHEN f.for_seconds <= 0 THEN $as_of::TIMESTAMP END, $as_of::TIMESTAMP, 0, f.figure, f.summary
FROM firing AS f
WHERE NOT EXISTS (
    SELECT 1
    FROM seen AS s
    WHERE s.rule_name = f.rule_name AND s.channel_id = f.channel_id AND s.field_number = f.field_number
);

CREATE OR REPLACE TEMP TABLE quiet AS
SELECT a.AlertID FROM iot.Alerts AS a
WHERE
    a.ResolvedAt IS NULL AND a.LastSeenAt < $as_of::TIMESTAMP
    AND NOT EXISTS (SELECT 1 FROM seen AS s WHERE s.AlertID = a.AlertID)
    AND (
        list_contains($judged::VARCHAR[], a.RuleName) OR NOT list_contains($configured::VARCHAR[], a.RuleName)
    );

DELETE FROM iot.Alerts AS a
WHERE a.OpenedAt IS NULL AND a.AlertID IN (SELECT q.AlertID FROM quiet AS q);

UPDATE iot.Alerts AS a
SET
    QuietSince = coalesce(a.QuietSince, $as_of::TIMESTAMP),
    ResolvedAt = CASE
        WHEN
            coalesce(a.QuietSince, $as_of::TIMESTAMP)
            + to_microseconds(($calm * 1e6 * (1 + least(a.Flaps, 5)))::BIGINT) <= $as_of::TIMESTAMP
            THEN $as_of::TIMESTAMP
    END
FROM quiet AS q
WHERE q.AlertID = a.AlertID;

CREATE OR REPLACE TEMP TABLE untold AS
SELECT a.AlertID, a.RuleName, a.OpenedAt, a.SeverityLevel
FROM iot.Alerts AS a
WHERE
    a.OpenedAt IS NOT NULL AND a.ResolvedAt IS NULL AND a.NoticeID IS NULL AND a.AcknowledgedAt IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM iot.AlertSilences AS s
        WHERE
            s.SilencedFrom <= $as_of::TIMESTAMP AND s.SilencedUntil > $as_of::TIMESTAMP
            AND (s.RuleName IS NULL OR s.RuleName = a.RuleName)
            AND (s.ChannelID IS NULL OR s.ChannelID = a.ChannelID)
    );

CREATE OR REPLACE TEMP TABLE due AS
WITH
ripe AS (
    SELECT u.RuleName, max(u.SeverityLevel) AS SeverityLevel FROM untold AS u
    GROUP BY u.RuleName
    HAVING
        min(u.OpenedAt) + to_microseconds(($gather * 1e6)::BIGINT) <= $as_of::TIMESTAMP
        AND NOT EXISTS (
            SELECT 1
            FROM iot.AlertNotices AS n
            WHERE
                n.RuleName = u.RuleName AND n.NoticeKind = 'opened'
                AND n.MadeAt > $as_of::TIMESTAMP - to_microseconds(($pause * 1e6)::BIGINT)
        )
)
SELECT r.RuleName, r.SeverityLevel, nextval('iot.NoticeIDs') AS NoticeID FROM ripe AS r;

UPDATE iot.Alerts AS a
SET NoticeID = d.NoticeID
FROM due AS d
WHERE d.RuleName = a.RuleName AND a.AlertID IN (SELECT u.AlertID FROM untold AS u);

CREATE OR REPLACE TEMP TABLE made AS
SELECT d.NoticeID, 'opened' AS NoticeKind, r.Receiver, d.RuleName
FROM due AS d
JOIN (
    SELECT unnest($receivers::VARCHAR[]) AS Receiver, unnest($levels::INTEGER[]) AS SeverityLevel
) AS r ON r.SeverityLevel <= d.SeverityLevel
UNION ALL
SELECT n.NoticeID, 'ended', n.Receiver, n.RuleName
FROM iot.AlertNotices AS n
WHERE
    n.NoticeKind = 'opened'
    AND NOT EXISTS (SELECT 1 FROM iot.Alerts AS a WHERE a.NoticeID = n.NoticeID AND a.ResolvedAt IS NULL)
    AND NOT EXISTS (
        SELECT 1
        FROM iot.AlertNotices AS e
        WHERE e.NoticeID = n.NoticeID AND e.Receiver = n.Receiver AND e.NoticeKind = 'ended'
    );

INSERT INTO iot.AlertNotices (NoticeID, NoticeKind, Receiver, RuleName, MadeAt, DueAt, Attempts)
SELECT m.NoticeID, m.NoticeKind, m.Receiver, m.RuleName, $as_of::TIMESTAMP, $as_of::TIMESTAMP, 0
FROM made AS m;

SELECT
    (SELECT count(*) FROM iot.Alerts AS a WHERE a.OpenedAt = $as_of::TIMESTAMP) AS Opened,
    (SELECT count(*) FROM iot.Alerts AS a WHERE a.ResolvedAt = $as_of::TIMESTAMP) AS Ended,
    (SELECT count(*) FROM made) AS Notices;
