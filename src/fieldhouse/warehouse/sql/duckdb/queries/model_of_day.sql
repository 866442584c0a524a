-- model_of_day(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises.
WITH
items AS (
    SELECT
        m.Day, m.Measure, m.Item,
        CASE $field_number
            WHEN # THEN m.Field# -- each field
        END AS Amount
    FROM (FROM iot.AnomalyModels UNION ALL FROM iot.AnomalyModelsKept) AS m
    WHERE m.ChannelID = $channel_id AND m.Day <= $day::DATE
),
newest AS (
    SELECT max(i.Day) AS Day FROM items AS i WHERE i.Measure = 'LEVEL' AND i.Amount IS NOT NULL
),
kinds AS (
    SELECT k.Day, k.Amount > 0 AS IsCounter FROM items AS k WHERE k.Measure = 'KNOWN' AND k.Item = 11
)
SELECT
    i.Day, i.Item AS Hour, max(i.Amount) FILTER (i.Measure = 'LEVEL') AS Level,
    max(i.Amount) FILTER (i.Measure = 'SPREAD') AS Spread, any_value(k.IsCounter) AS IsCounter
FROM items AS i
JOIN newest AS n ON n.Day = i.Day
JOIN kinds AS k ON k.Day = i.Day
WHERE i.Measure IN ('LEVEL', 'SPREAD') AND i.Amount IS NOT NULL
GROUP BY i.Day, i.Item
ORDER BY i.Item;
