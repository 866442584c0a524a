-- silence_alerts(rule_name, channel_id, silenced_from, silenced_until, reason, made_by): tell nothing of a rule, a
-- channel, or all, for a span; the silence's number.
SELECT max(s.SilenceID) + 1 AS Number FROM iot.Silences AS s;

INSERT INTO iot.Silences (SilenceID, RuleName, ChannelID, SilencedFrom, SilencedUntil, Reason, MadeBy, Version)
SELECT
    {Number:Int64}, {rule_name:Nullable(String)}, {channel_id:Nullable(Int64)},
    {silenced_from:DateTime64(6, 'UTC')}, {silenced_until:DateTime64(6, 'UTC')}, {reason:String}, {made_by:String}, 1;

SELECT {Number:Int64} AS SilenceID;
