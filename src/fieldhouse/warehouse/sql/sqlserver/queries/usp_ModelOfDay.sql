-- usp_ModelOfDay(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises, of a
-- direction its mean angle. Nature: a counter 1, sparse 2, a switch 3, a light 4, a direction 5, none 0.
CREATE OR ALTER PROCEDURE iot.usp_ModelOfDay @ChannelID INT, @FieldNumber INT, @Day DATE
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        m.Day,
        m.Measure,
        m.Item,
        CASE @FieldNumber
            WHEN # THEN m.Field# -- each field
        END AS Amount
    INTO #items
    FROM (
        SELECT n.* FROM iot.AnomalyModels AS n WHERE n.ChannelID = @ChannelID AND n.Day <= @Day
        UNION ALL
        SELECT n.* FROM iot.AnomalyModelsKept AS n WHERE n.ChannelID = @ChannelID AND n.Day <= @Day
    ) AS m;
    DECLARE @newest DATE, @nature INT;
    SELECT @newest = MAX(i.Day) FROM #items AS i WHERE i.Measure = N'LEVEL' AND i.Amount IS NOT NULL;
    SELECT @nature = MAX(i.Amount)
    FROM #items AS i
    WHERE i.Day = @newest AND i.Measure = N'KNOWN' AND i.Item = 11;
    SELECT
        i.Day,
        i.Item AS Hour,
        MAX(CASE WHEN i.Measure = N'LEVEL' THEN i.Amount END) AS Level,
        MAX(CASE WHEN i.Measure = N'SPREAD' THEN i.Amount END) AS Spread,
        @nature AS Nature
    FROM #items AS i
    WHERE i.Day = @newest AND i.Measure IN (N'LEVEL', N'SPREAD') AND i.Amount IS NOT NULL
    GROUP BY i.Day, i.Item
    ORDER BY i.Item;
    RETURN 0;
END;
