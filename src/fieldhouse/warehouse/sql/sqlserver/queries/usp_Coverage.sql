-- usp_Coverage(channel_ids): the spans proven complete in each channel's newest epoch, ascending.
CREATE OR ALTER PROCEDURE iot.usp_Coverage @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT s.ChannelID, s.SpanStart, s.SpanEnd
    FROM iot.Coverage AS s
    WHERE (
            @ChannelIDs IS NULL
            OR s.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
        AND s.Epoch = (SELECT MAX(n.Epoch) FROM iot.Epochs AS n WHERE n.ChannelID = s.ChannelID)
    ORDER BY s.ChannelID, s.SpanStart
    OPTION (RECOMPILE);
    RETURN 0;
END;
