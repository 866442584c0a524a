-- By what days before were judged, as far as it is kept.
CREATE OR REPLACE VIEW iot.AnomalyModelsKept AS
-- include model_items
WHERE (i.ChannelID, i.Day) NOT IN (SELECT n.ChannelID, max(n.Day) FROM iot.Models AS n FINAL GROUP BY n.ChannelID)
GROUP BY i.ChannelID, i.Day, i.a.1, i.a.2;
