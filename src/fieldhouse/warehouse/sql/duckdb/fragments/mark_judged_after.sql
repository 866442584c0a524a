-- Days that were judged look thirty days back: those after what moved(ChannelID, CreatedAt) names are judged again.
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT q.ChannelID, 'QUALITY', q.CheckDate::TIMESTAMP
FROM iot.DataQuality AS q
JOIN moved AS m
    ON m.ChannelID = q.ChannelID AND q.CheckDate > m.CreatedAt::DATE AND q.CheckDate <= m.CreatedAt::DATE + 30;
