-- usp_EntryTexts(channel_id, entry_ids): the texts that are kept beside these entries, as the rules leave them, in every
-- epoch of the channel.
CREATE OR ALTER PROCEDURE iot.usp_EntryTexts @ChannelID INT, @EntryIDs NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT v.Epoch, v.EntryID, v.ColumnName, v.RawValue
    FROM iot.Epochs AS e
    CROSS JOIN (
        SELECT DISTINCT CAST(j.value AS BIGINT) AS EntryID FROM OPENJSON(@EntryIDs) AS j
    ) AS i
    JOIN iot.RawValues AS v ON v.ChannelID = e.ChannelID AND v.Epoch = e.Epoch AND v.EntryID = i.EntryID
    LEFT JOIN iot.CorrectedReadings AS c
        ON c.ChannelID = v.ChannelID AND c.Epoch = v.Epoch AND c.EntryID = v.EntryID
    WHERE e.ChannelID = @ChannelID
        AND v.Reason <> N'replaced'
        AND (c.ChangedFields IS NULL OR CHARINDEX(v.ColumnName, c.ChangedFields) = 0)
    ORDER BY v.Epoch, v.EntryID, v.ColumnName, v.RawValue;
    RETURN 0;
END;
