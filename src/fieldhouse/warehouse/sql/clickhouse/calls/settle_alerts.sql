-- settle_alerts(firing, as_of, judged, configured, calm, gather, pause, receivers, levels): hold what fires against the
-- alerts that are kept: open, go on, end; make the messages. Rules that are not among the judged ones stay as they
-- are, unless they are no longer configured. An alert ends when its rule held no more for the calm seconds, longer the
-- more often it came back. A message tells of all alerts of a rule; its end is told once, when all of them have ended.
-- What fires comes first, in parts. Should it end before the rest, the next look tells what was opened.
INSERT INTO iot.Incidents (
    Kind, ID, RuleName, Severity, SeverityLevel, ChannelID, FieldNumber, SinceAt, SeenAt, OpenedAt, LastSeenAt, Flaps,
    Figure, Summary, NoticeID, AcknowledgedAt, AcknowledgedBy, Version
)
WITH
firing AS (
    SELECT
        {rule_name:Array(String)}[n.Number] AS RuleName, {severity:Array(String)}[n.Number] AS Severity,
        {level:Array(Int32)}[n.Number] AS SeverityLevel, {channel_id:Array(Int64)}[n.Number] AS ChannelID,
        {field_number:Array(Int32)}[n.Number] AS FieldNumber,
        {since_at:Array(DateTime64(6, 'UTC'))}[n.Number] AS SinceAt,
        {figure:Array(Nullable(Float64))}[n.Number] AS Figure, {summary:Array(String)}[n.Number] AS Summary,
        toIntervalMicrosecond(toInt64({for_seconds:Array(Float64)}[n.Number] * 1000000)) AS Waits
    FROM (SELECT arrayJoin(range(1, length({rule_name:Array(String)}) + 1)) AS Number) AS n
),
kept AS (
    SELECT a.* FROM iot.Incidents AS a FINAL
    WHERE a.Kind = 1 AND NOT a.Deleted AND a.ResolvedAt IS NULL
)
SELECT
    1,
    ifNull(
        k.ID,
        (SELECT max(i.ID) FROM iot.Incidents AS i WHERE i.Kind = 1)
        + row_number() OVER (PARTITION BY k.ID IS NULL ORDER BY f.RuleName, f.ChannelID, f.FieldNumber)
    ),
    f.RuleName, ifNull(CAST(k.Severity, 'Nullable(String)'), f.Severity), ifNull(k.SeverityLevel, f.SeverityLevel),
    f.ChannelID, f.FieldNumber, ifNull(k.SinceAt, f.SinceAt), ifNull(k.SeenAt, {as_of:DateTime64(6, 'UTC')}),
    coalesce(
        k.OpenedAt,
        if(
            ifNull(k.SeenAt, {as_of:DateTime64(6, 'UTC')}) + f.Waits <= {as_of:DateTime64(6, 'UTC')},
            {as_of:DateTime64(6, 'UTC')}, NULL
        )
    ),
    {as_of:DateTime64(6, 'UTC')}, ifNull(k.Flaps, 0) + (k.QuietSince IS NOT NULL), f.Figure, f.Summary, k.NoticeID,
    k.AcknowledgedAt, k.AcknowledgedBy, ifNull(k.Version, 0) + 1
FROM firing AS f
LEFT JOIN kept AS k
    ON k.RuleName = f.RuleName AND k.ChannelID = f.ChannelID AND k.FieldNumber = f.FieldNumber;

-- the rows that are to be written, in one insert: alerts that are quiet, that ended, that are told; their messages
WITH
{as_of:DateTime64(6, 'UTC')} AS instant,
arrayZip({receivers:Array(String)}, {levels:Array(Int32)}) AS hearers,
(
    SELECT groupArray((s.RuleName, s.ChannelID)) FROM iot.AlertSilences AS s
    WHERE s.SilencedFrom <= {as_of:DateTime64(6, 'UTC')} AND s.SilencedUntil > {as_of:DateTime64(6, 'UTC')}
) AS silences,
kept AS (
    SELECT
        a.*,
        a.LastSeenAt < instant AND (
            has({judged:Array(String)}, a.RuleName) OR NOT has({configured:Array(String)}, a.RuleName)
        ) AS IsQuiet,
        IsQuiet AND a.OpenedAt IS NULL AS NeverWas,
        IsQuiet AND ifNull(a.QuietSince, instant)
        + toIntervalMicrosecond(toInt64({calm:Float64} * 1000000 * (1 + least(a.Flaps, 5)))) <= instant AS HasEnded
    FROM iot.Incidents AS a FINAL
    WHERE a.Kind = 1 AND NOT a.Deleted AND a.ResolvedAt IS NULL
),
due AS (
    SELECT
        k.RuleName AS RuleName, max(k.SeverityLevel) AS SeverityLevel,
        (SELECT max(if(i.Kind = 1, ifNull(i.NoticeID, 0), i.ID)) FROM iot.Incidents AS i)
        + row_number() OVER (ORDER BY k.RuleName) AS NoticeID,
        groupArray(k.ID) AS AlertIDs
    FROM kept AS k
    WHERE
        k.OpenedAt IS NOT NULL AND NOT k.HasEnded AND k.NoticeID IS NULL AND k.AcknowledgedAt IS NULL
        AND NOT arrayExists(s -> ifNull(s.1 = k.RuleName, TRUE) AND ifNull(s.2 = k.ChannelID, TRUE), silences)
        AND k.RuleName NOT IN (
            SELECT n.RuleName FROM iot.AlertNotices AS n
            WHERE
                n.NoticeKind = 'opened'
                AND n.MadeAt > instant - toIntervalMicrosecond(toInt64({pause:Float64} * 1000000))
        )
    GROUP BY k.RuleName
    HAVING min(k.OpenedAt) + toIntervalMicrosecond(toInt64({gather:Float64} * 1000000)) <= instant
),
told AS (SELECT arrayJoin(d.AlertIDs) AS ID, d.NoticeID AS NoticeID FROM due AS d)
SELECT
    k.Kind AS Kind, k.ID AS ID, k.NoticeKind AS NoticeKind, k.Receiver AS Receiver, k.RuleName AS RuleName,
    CAST(k.Severity, 'String') AS Severity, k.SeverityLevel AS SeverityLevel, k.ChannelID AS ChannelID,
    k.FieldNumber AS FieldNumber, k.SinceAt AS SinceAt, k.SeenAt AS SeenAt, k.OpenedAt AS OpenedAt,
    k.LastSeenAt AS LastSeenAt, if(k.IsQuiet, ifNull(k.QuietSince, instant), k.QuietSince) AS QuietSince,
    if(k.HasEnded, instant, NULL) AS ResolvedAt, k.Flaps AS Flaps, k.Figure AS Figure, k.Summary AS Summary,
    coalesce(k.NoticeID, t.NoticeID) AS NoticeID, k.AcknowledgedAt AS AcknowledgedAt,
    k.AcknowledgedBy AS AcknowledgedBy, k.MadeAt AS MadeAt, k.DueAt AS DueAt, k.NeverWas AS Deleted,
    k.Version + 1 AS Version
FROM kept AS k
LEFT JOIN told AS t ON t.ID = k.ID
WHERE t.ID IS NOT NULL OR k.HasEnded OR (k.IsQuiet AND k.QuietSince IS NULL)
UNION ALL
SELECT
    2, m.Message.1, m.Message.2, m.Message.3, m.Message.4, '', 0, 0, 0, instant, instant, NULL, instant, NULL, NULL, 0,
    NULL, '', NULL, NULL, NULL, instant, instant, FALSE, 1
FROM (
    SELECT
        arrayJoin(
            arrayMap(
                h -> (d.NoticeID, 'opened', h.1, d.RuleName), arrayFilter(h -> h.2 <= d.SeverityLevel, hearers)
            )
        ) AS Message
    FROM due AS d
    UNION ALL
    SELECT (n.NoticeID, 'ended', n.Receiver, n.RuleName) AS Message
    FROM iot.AlertNotices AS n
    WHERE
        n.NoticeKind = 'opened'
        AND n.NoticeID NOT IN (SELECT assumeNotNull(k.NoticeID) FROM kept AS k WHERE k.NoticeID IS NOT NULL AND NOT k.HasEnded)
        AND (n.NoticeID, n.Receiver) NOT IN (
            SELECT e.NoticeID, e.Receiver FROM iot.AlertNotices AS e WHERE e.NoticeKind = 'ended'
        )
) AS m;

SELECT
    countIf(a.OpenedAt = {as_of:DateTime64(6, 'UTC')}) AS Opened,
    countIf(a.ResolvedAt = {as_of:DateTime64(6, 'UTC')}) AS Ended,
    {made:Int64} AS Notices
FROM iot.Alerts AS a;
