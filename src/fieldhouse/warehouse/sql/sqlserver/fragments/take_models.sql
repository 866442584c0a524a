-- The models of #newest(ChannelID, Day) become those by which the newest day is judged; those after them go.
DELETE m
FROM iot.AnomalyModels AS m
JOIN #newest AS n ON n.ChannelID = m.ChannelID;
INSERT INTO iot.AnomalyModels (
    ChannelID,
    Day,
    Measure,
    Item,
    Field# -- each field, comma between
)
SELECT
    m.ChannelID,
    m.Day,
    m.Measure,
    m.Item,
    m.Field# -- each field, comma between
FROM iot.AnomalyModelsKept AS m
JOIN #newest AS n ON n.ChannelID = m.ChannelID AND n.Day = m.Day;
DELETE m
FROM iot.AnomalyModelsKept AS m
JOIN #newest AS n ON n.ChannelID = m.ChannelID AND m.Day >= n.Day;
