-- usp_Disputes(channel_ids): readings that their source did not show when asked, of all epochs.
CREATE OR ALTER PROCEDURE iot.usp_Disputes @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT d.ChannelID, d.Epoch, d.EntryID, d.CreatedAt, d.RaisedAt, d.State
    FROM iot.Disputes AS d
    WHERE @ChannelIDs IS NULL OR d.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    ORDER BY d.ChannelID, d.Epoch, d.CreatedAt, d.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
