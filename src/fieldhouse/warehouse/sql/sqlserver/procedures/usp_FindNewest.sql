-- usp_FindNewest: an epoch's newest reading that counts, before an instant, is what the next poll expects to be
-- shown again; there may be none. Called by usp_SettleEntries.
CREATE OR ALTER PROCEDURE iot.usp_FindNewest @ChannelID INT, @Epoch INT, @Horizon DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @entry BIGINT, @created DATETIME2(6);
    SELECT TOP (1) @entry = r.EntryID, @created = r.CreatedAt
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID
        AND r.Epoch = @Epoch
        AND r.CreatedAt < @Horizon
        AND r.WithdrawnAt IS NULL
        AND NOT EXISTS (
            SELECT 1
            FROM iot.Disputes AS d
            WHERE d.ChannelID = @ChannelID AND d.Epoch = @Epoch AND d.EntryID = r.EntryID
        )
    ORDER BY r.CreatedAt DESC, r.EntryID DESC;
    UPDATE e
    SET NewestEntryID = @entry, NewestCreatedAt = @created
    FROM iot.Epochs AS e WITH (ROWLOCK, FORCESEEK)
    WHERE e.ChannelID = @ChannelID AND e.Epoch = @Epoch;
    RETURN 0;
END;
