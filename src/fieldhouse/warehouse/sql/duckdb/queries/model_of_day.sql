-- model_of_day(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises, of a
-- direction its mean angle. Nature: a counter 1, sparse 2, a switch 3, a light 4, a direction 5, none 0.
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
natures AS (
    SELECT k.Day, k.Amount::INTEGER AS Nature FROM items AS k WHERE k.Measure = 'KNOWN' AND k.Item = 11
)
SELECT
    i.Day, i.Item AS Hour, max(i.Amount) FILTER (i.Measure = 'LEVEL') AS Level,
    max(i.Amount) FILTER (i.Measure = 'SPREAD') AS Spread, any_value(k.Nature) AS Nature
FROM items AS i
JOIN newest AS n ON n.Day = i.Day
JOIN natures AS k ON k.Day = i.Day
WHERE i.Measure IN ('LEVEL', 'SPREAD') AND i.Amount IS NOT NULL
GROUP BY i.Day, i.Item
ORDER BY i.Item;
