-- silence_alerts(rule_name, channel_id, silenced_from, silenced_until, reason, made_by): tell nothing of a rule, a
-- channel, or all, for a span; the silence's number.
INSERT INTO iot.AlertSilences (RuleName, ChannelID, SilencedFrom, SilencedUntil, Reason, MadeBy)
VALUES ($rule_name, $channel_id, $silenced_from, $silenced_until, $reason, $made_by)
RETURNING SilenceID;
