-- From which day to which each channel has been judged. What was judged after the newest day, a label has taken back.
CREATE OR REPLACE VIEW iot.AnomalyChannels AS
SELECT
    d.ChannelID AS ChannelID, minIf(d.Day, d.IsModel) AS FirstDay, maxIf(d.Day, d.IsModel) AS NewestDay,
    if(max(d.Day) > NewestDay, toNullable(max(d.Day)), NULL) AS RewoundFrom
FROM (
    SELECT m.ChannelID AS ChannelID, m.Day AS Day, TRUE AS IsModel FROM iot.Models AS m FINAL
    UNION ALL
    SELECT f.ChannelID AS ChannelID, f.Day AS Day, FALSE AS IsModel FROM iot.Findings AS f
) AS d
GROUP BY d.ChannelID
HAVING countIf(d.IsModel) > 0;
