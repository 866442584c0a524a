-- What is not told, from when to when, and why.
CREATE OR REPLACE VIEW iot.AlertSilences AS
SELECT
    s.SilenceID AS SilenceID, s.RuleName AS RuleName, s.ChannelID AS ChannelID, s.SilencedFrom AS SilencedFrom,
    s.SilencedUntil AS SilencedUntil, s.Reason AS Reason, s.MadeBy AS MadeBy
FROM iot.Silences AS s FINAL;
