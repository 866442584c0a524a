-- By what the newest day of each channel is judged.
CREATE OR REPLACE VIEW iot.AnomalyModels AS
-- include model_items
WHERE (i.ChannelID, i.Day) IN (SELECT n.ChannelID, max(n.Day) FROM iot.Models AS n FINAL GROUP BY n.ChannelID)
GROUP BY i.ChannelID, i.Day, i.a.1, i.a.2;
