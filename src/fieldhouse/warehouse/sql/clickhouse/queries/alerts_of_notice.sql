-- alerts_of_notice(notice_id, as_of): the alerts that a message tells of.
SELECT
-- include alert_columns
FROM iot.Alerts AS a
LEFT JOIN iot.Channels AS c ON c.ChannelID = a.ChannelID
WHERE a.NoticeID = {notice_id:Int64}
ORDER BY a.SeverityLevel DESC, a.ChannelID, a.FieldNumber;
