-- alerts(as_of, channel_id, ended_since, limit): the alerts that are open, and those that ended since an instant, the
-- newest first.
SELECT
-- include alert_columns
FROM iot.Alerts AS a
LEFT JOIN iot.Channels AS c ON c.ChannelID = a.ChannelID
WHERE
    a.OpenedAt IS NOT NULL
    AND ({channel_id:Nullable(Int64)} IS NULL OR a.ChannelID = {channel_id:Nullable(Int64)})
    AND (a.ResolvedAt IS NULL OR a.ResolvedAt >= {ended_since:Nullable(DateTime64(6, 'UTC'))})
ORDER BY a.ResolvedAt IS NOT NULL, a.SeverityLevel DESC, a.OpenedAt DESC, a.AlertID DESC
LIMIT {limit:UInt64};
