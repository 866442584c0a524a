-- What is told of an alert, a, of a channel, c.
    a.AlertID AS AlertID, a.RuleName AS RuleName, a.Severity AS Severity, a.ChannelID AS ChannelID,
    c.ChannelName AS ChannelName, a.FieldNumber AS FieldNumber, a.SinceAt AS SinceAt, a.OpenedAt AS OpenedAt,
    a.LastSeenAt AS LastSeenAt, a.QuietSince AS QuietSince, a.ResolvedAt AS ResolvedAt, a.Flaps AS Flaps,
    a.Figure AS Figure, a.Summary AS Summary, a.NoticeID AS NoticeID, a.AcknowledgedAt AS AcknowledgedAt,
    a.AcknowledgedBy AS AcknowledgedBy,
    arrayReduce(
        'maxOrNull',
        arrayMap(
            s -> s.3,
            arrayFilter(
                s -> ifNull(s.1 = a.RuleName, TRUE) AND ifNull(s.2 = a.ChannelID, TRUE),
                (
                    SELECT groupArray((h.RuleName, h.ChannelID, h.SilencedUntil)) FROM iot.AlertSilences AS h
                    WHERE
                        h.SilencedFrom <= {as_of:DateTime64(6, 'UTC')}
                        AND h.SilencedUntil > {as_of:DateTime64(6, 'UTC')}
                )
            )
        )
    ) AS SilencedUntil
