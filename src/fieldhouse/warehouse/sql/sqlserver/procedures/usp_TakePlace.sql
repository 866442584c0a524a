-- usp_TakePlace: what of #offered is new or changed takes the place of what older epochs have at its time, and
-- its periods are marked; after the progress is kept, for the gaps say what the source shows beside it.
-- Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_TakePlace
AS
BEGIN
    SET NOCOUNT ON;
    SELECT DISTINCT o.ChannelID, o.Epoch, o.CreatedAt
    INTO #touched
    FROM #offered AS o
    LEFT JOIN #held AS h
        ON h.ChannelID = o.ChannelID AND h.Epoch = o.Epoch AND h.EntryID = o.EntryID AND h.Turn = o.Turn
    WHERE h.EntryID IS NULL OR h.IsChanged = 1;
    IF EXISTS (
           SELECT 1
           FROM #batches AS b
           JOIN iot.Epochs AS e WITH (FORCESEEK) ON e.ChannelID = b.ChannelID AND e.Epoch < b.Epoch
       )
        EXEC iot.usp_Supersede;
    EXEC iot.usp_MarkPeriods;
    RETURN 0;
END;
