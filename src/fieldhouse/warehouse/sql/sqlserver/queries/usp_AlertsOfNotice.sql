-- usp_AlertsOfNotice(notice_id, as_of): the alerts that a message tells of.
CREATE OR ALTER PROCEDURE iot.usp_AlertsOfNotice @NoticeID BIGINT, @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        a.AlertID,
        a.RuleName,
        a.Severity,
        a.ChannelID,
        c.ChannelName,
        a.FieldNumber,
        a.SinceAt,
        a.OpenedAt,
        a.LastSeenAt,
        a.QuietSince,
        a.ResolvedAt,
        a.Flaps,
        a.Figure,
        a.Summary,
        a.NoticeID,
        a.AcknowledgedAt,
        a.AcknowledgedBy,
        (
            SELECT MAX(s.SilencedUntil)
            FROM iot.AlertSilences AS s
            WHERE s.SilencedFrom <= @AsOfTime
                AND s.SilencedUntil > @AsOfTime
                AND (s.RuleName IS NULL OR s.RuleName = a.RuleName)
                AND (s.ChannelID IS NULL OR s.ChannelID = a.ChannelID)
        ) AS SilencedUntil
    FROM iot.Alerts AS a
    LEFT JOIN iot.Channels AS c ON c.ChannelID = a.ChannelID
    WHERE a.NoticeID = @NoticeID
    ORDER BY a.SeverityLevel DESC, a.ChannelID, a.FieldNumber;
    RETURN 0;
END;
