-- usp_Alerts(as_of, channel_id, ended_since, limit): the alerts that are open, and those that ended since an instant,
-- the newest first.
CREATE OR ALTER PROCEDURE iot.usp_Alerts
    @AsOfTime DATETIME2(6),
    @ChannelID INT = NULL,
    @EndedSince DATETIME2(6) = NULL,
    @Limit BIGINT = 1000
AS
BEGIN
    SET NOCOUNT ON;
    SELECT TOP (@Limit)
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
    WHERE a.OpenedAt IS NOT NULL
        AND (@ChannelID IS NULL OR a.ChannelID = @ChannelID)
        AND (a.ResolvedAt IS NULL OR a.ResolvedAt >= @EndedSince)
    ORDER BY
        CASE WHEN a.ResolvedAt IS NULL THEN 0 ELSE 1 END,
        a.SeverityLevel DESC,
        a.OpenedAt DESC,
        a.AlertID DESC;
    RETURN 0;
END;
