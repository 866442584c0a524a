-- usp_RejectedEntries(channel_id, reason, contains, skip, limit): the entries of a channel that could be no readings, as
-- they came; those of a reason, with a text in them. Newest first, after some that are skipped; each with how many
-- there are in all.
CREATE OR ALTER PROCEDURE iot.usp_RejectedEntries
    @ChannelID INT,
    @Reason NVARCHAR(MAX) = NULL,
    @Contains NVARCHAR(MAX) = NULL,
    @Skip BIGINT = 0,
    @Limit BIGINT = 100
AS
BEGIN
    SET NOCOUNT ON;
    SELECT e.Epoch, e.EntryText, e.Reason, e.RejectedAt, COUNT_BIG(*) OVER () AS Entries
    FROM iot.RejectedEntries AS e
    WHERE e.ChannelID = @ChannelID
        AND (@Reason IS NULL OR e.Reason = @Reason)
        AND (@Contains IS NULL OR CHARINDEX(@Contains, e.EntryText COLLATE Latin1_General_100_BIN2) > 0)
    ORDER BY e.RejectedAt DESC, e.EntryHash
    OFFSET @Skip ROWS FETCH NEXT @Limit ROWS ONLY
    OPTION (RECOMPILE);
    RETURN 0;
END;
