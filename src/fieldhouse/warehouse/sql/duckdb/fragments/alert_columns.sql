-- What is told of an alert, a, of a channel, c.
    a.AlertID, a.RuleName, a.Severity, a.ChannelID, c.ChannelName, a.FieldNumber, a.SinceAt, a.OpenedAt, a.LastSeenAt,
    a.QuietSince, a.ResolvedAt, a.Flaps, a.Figure, a.Summary, a.NoticeID, a.AcknowledgedAt, a.AcknowledgedBy,
    (
        SELECT max(s.SilencedUntil)
        FROM iot.AlertSilences AS s
        WHERE
            s.SilencedFrom <= $as_of::TIMESTAMP AND s.SilencedUntil > $as_of::TIMESTAMP
            AND (s.RuleName IS NULL OR s.RuleName = a.RuleName)
            AND (s.ChannelID IS NULL OR s.ChannelID = a.ChannelID)
    ) AS SilencedUntil
