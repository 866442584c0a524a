-- alert_silences(as_of): the silences that hold or are to come.
SELECT s.SilenceID, s.RuleName, s.ChannelID, s.SilencedFrom, s.SilencedUntil, s.Reason, s.MadeBy
FROM iot.AlertSilences AS s
WHERE s.SilencedUntil > {as_of:DateTime64(6, 'UTC')}
ORDER BY s.SilencedFrom, s.SilenceID;
