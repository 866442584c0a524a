-- usp_ModelOfDay(channel_id, field_number, day): the level and the spread of each hour by which a day of a field is
-- judged, of the last model of it or of a day before; of a counter those of its rises.
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
    DECLARE @newest DATE, @counter FLOAT;
    SELECT @newest = MAX(i.Day) FROM #items AS i WHERE i.Measure = N'LEVEL' AND i.Amount IS NOT NULL;
    SELECT @counter = MAX(i.Amount)
    FROM #items AS i
    WHERE i.Day = @newest AND i.Measure = N'KNOWN' AND i.Item = 11;
    SELECT
        i.Day,
        i.Item AS Hour,
        MAX(CASE WHEN i.Measure = N'LEVEL' THEN i.Amount END) AS Level,
        MAX(CASE WHEN i.Measure = N'SPREAD' THEN i.Amount END) AS Spread,
        CAST(CASE WHEN @counter > 0 THEN 1 ELSE 0 END AS BIT) AS IsCounter
    FROM #items AS i
    WHERE i.Day = @newest AND i.Measure IN (N'LEVEL', N'SPREAD') AND i.Amount IS NOT NULL
    GROUP BY i.Day, i.Item
    ORDER BY i.Item;
    RETURN 0;
END;
