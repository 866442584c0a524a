-- usp_KeepTexts: #texts, and entries that cannot be readings, each once; reasons that no longer hold go. Called
-- by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_KeepTexts @Rejected NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (SELECT 1 FROM #held)
        EXEC iot.usp_ReplaceTexts;
    IF EXISTS (SELECT 1 FROM #texts)
        INSERT INTO iot.RawValues (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason, RawHash)
        OUTPUT inserted.ChannelID INTO #kept (ChannelID)
        SELECT t.ChannelID, t.Epoch, t.EntryID, t.ColumnName, t.RawValue, t.Reason, t.RawHash
        FROM (
            SELECT
                h.*,
                ROW_NUMBER() OVER (
                    PARTITION BY h.ChannelID, h.Epoch, h.EntryID, h.ColumnName, h.Reason, h.RawHash
                    ORDER BY h.EntryID
                ) AS Nth
            FROM (
                SELECT
                    s.ChannelID,
                    s.Epoch,
                    s.EntryID,
                    s.ColumnName,
                    s.RawValue,
                    s.Reason,
                    HASHBYTES(N'SHA2_256', s.RawValue) AS RawHash
                FROM #texts AS s
            ) AS h
        ) AS t
        WHERE t.Nth = 1
            AND NOT EXISTS (
                SELECT 1
                FROM iot.RawValues AS r
                WHERE r.ChannelID = t.ChannelID
                    AND r.Epoch = t.Epoch
                    AND r.EntryID = t.EntryID
                    AND r.ColumnName = t.ColumnName
                    AND r.Reason = t.Reason
                    AND r.RawHash = t.RawHash
            );

    IF @Rejected IS NOT NULL
        INSERT INTO iot.RejectedEntries (ChannelID, EntryHash, Epoch, EntryText, Reason)
        OUTPUT inserted.ChannelID INTO #refused (ChannelID)
        SELECT t.ChannelID, t.EntryHash, t.Epoch, t.EntryText, t.Reason
        FROM (
            SELECT h.*, ROW_NUMBER() OVER (PARTITION BY h.ChannelID, h.EntryHash ORDER BY h.Batch) AS Nth
            FROM (
                SELECT
                    b.Batch,
                    b.ChannelID,
                    b.Epoch,
                    iot.ufn_JsonText(j.EntryText) AS EntryText,
                    iot.ufn_JsonText(j.Reason) AS Reason,
                    HASHBYTES(N'SHA2_256', j.EntryText) AS EntryHash
                FROM OPENJSON(@Rejected) WITH (
                    Batch INT '$.Batch',
                    EntryText NVARCHAR(MAX) '$.EntryText',
                    Reason NVARCHAR(MAX) '$.Reason'
                ) AS j
                JOIN #batches AS b ON b.Batch = j.Batch
                WHERE b.IsFresh = 1
            ) AS h
        ) AS t
        WHERE t.Nth = 1
            AND NOT EXISTS (
                SELECT 1
                FROM iot.RejectedEntries AS r
                WHERE r.ChannelID = t.ChannelID AND r.EntryHash = t.EntryHash
            );
    RETURN 0;
END;
