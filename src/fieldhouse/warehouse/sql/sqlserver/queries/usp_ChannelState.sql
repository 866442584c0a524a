-- usp_ChannelState(channel_ids): what planning needs of each channel that is known, of its newest epoch.
CREATE OR ALTER PROCEDURE iot.usp_ChannelState @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        c.ChannelID,
        COALESCE(e.Epoch, 1) AS Epoch,
        e.LastEntryID,
        e.HighestEntryID,
        e.NewestEntryID,
        e.NewestCreatedAt,
        COALESCE(e.IDsCheckedTo, 0) AS IDsCheckedTo,
        e.FutureCheckedAt,
        c.RefreshedAt AS MetadataAt
    FROM iot.Channels AS c
    LEFT JOIN iot.Epochs AS e
        ON e.ChannelID = c.ChannelID
            AND e.Epoch = (SELECT MAX(n.Epoch) FROM iot.Epochs AS n WHERE n.ChannelID = c.ChannelID)
    WHERE (
            @ChannelIDs IS NULL
            OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
    ORDER BY c.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
