-- usp_EntriesHeld(channel_id, entry_ids): these entries as every epoch of the channel holds them, with their values.
CREATE OR ALTER PROCEDURE iot.usp_EntriesHeld @ChannelID INT, @EntryIDs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        r.Field#, -- each field
        r.Latitude,
        r.Longitude,
        r.Elevation,
        r.Status
    FROM iot.Epochs AS e
    CROSS JOIN (
        SELECT DISTINCT CAST(j.value AS BIGINT) AS EntryID FROM OPENJSON(@EntryIDs) AS j
    ) AS i
    JOIN iot.AllReadings AS r ON r.ChannelID = e.ChannelID AND r.Epoch = e.Epoch AND r.EntryID = i.EntryID
    WHERE e.ChannelID = @ChannelID
    ORDER BY r.Epoch, r.EntryID;
    RETURN 0;
END;
