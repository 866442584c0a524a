-- From which day to which each channel has been judged.
CREATE OR REPLACE VIEW iot.AnomalyChannels AS
SELECT m.ChannelID AS ChannelID, min(m.Day) AS FirstDay, max(m.Day) AS NewestDay
FROM iot.Models AS m FINAL
GROUP BY m.ChannelID;
