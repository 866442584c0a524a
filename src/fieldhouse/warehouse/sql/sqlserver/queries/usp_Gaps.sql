-- usp_Gaps(channel_ids): the runs of entry ids that no page has shown, in each channel's newest epoch.
CREATE OR ALTER PROCEDURE iot.usp_Gaps @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT g.ChannelID, g.FirstEntryID, g.LastEntryID, g.State, g.AtSecond, g.DueAt
    FROM iot.Gaps AS g
    WHERE (
            @ChannelIDs IS NULL
            OR g.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
        AND g.Epoch = (SELECT MAX(n.Epoch) FROM iot.Epochs AS n WHERE n.ChannelID = g.ChannelID)
    ORDER BY g.ChannelID, g.FirstEntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
