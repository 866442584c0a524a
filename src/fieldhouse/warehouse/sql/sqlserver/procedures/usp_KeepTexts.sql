-- usp_KeepTexts: #texts, and entries that cannot be readings, each once; reasons that no longer hold go. Told apart
-- by hash and number, so that no text is sorted. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_KeepTexts @Rejected NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (SELECT 1 FROM #held)
        EXEC iot.usp_ReplaceTexts;
    IF EXISTS (SELECT 1 FROM #texts)
    BEGIN
        CREATE TABLE #hashed (
            Number INT IDENTITY (1, 1) NOT NULL PRIMARY KEY CLUSTERED,
            ChannelID INT NOT NULL,
            Epoch INT NOT NULL,
            EntryID BIGINT NOT NULL,
            ColumnName NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL,
            RawValue NVARCHAR(MAX) COLLATE DATABASE_DEFAULT NOT NULL,
            Reason NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL,
            RawHash VARBINARY(32) NOT NULL
        );
        INSERT INTO #hashed (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason, RawHash)
        SELECT
            t.ChannelID,
            t.Epoch,
            t.EntryID,
            t.ColumnName,
            t.RawValue,
            t.Reason,
            HASHBYTES(N'SHA2_256', t.RawValue)
        FROM #texts AS t;
        INSERT INTO iot.RawValues (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason, RawHash)
        OUTPUT inserted.ChannelID INTO #kept (ChannelID)
        SELECT h.ChannelID, h.Epoch, h.EntryID, h.ColumnName, t.RawValue, h.Reason, h.RawHash
        FROM (
            SELECT s.ChannelID, s.Epoch, s.EntryID, s.ColumnName, s.Reason, s.RawHash, MIN(s.Number) AS Number
            FROM #hashed AS s
            GROUP BY s.ChannelID, s.Epoch, s.EntryID, s.ColumnName, s.Reason, s.RawHash
        ) AS h
        JOIN #hashed AS t ON t.Number = h.Number
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.RawValues AS r WITH (FORCESEEK)
                WHERE r.ChannelID = h.ChannelID
                    AND r.Epoch = h.Epoch
                    AND r.EntryID = h.EntryID
                    AND r.ColumnName = h.ColumnName
                    AND r.Reason = h.Reason
                    AND r.RawHash = h.RawHash
            )
        OPTION (LOOP JOIN);
    END;

    IF @Rejected IS NOT NULL
    BEGIN
        CREATE TABLE #rejected (
            Number INT IDENTITY (1, 1) NOT NULL PRIMARY KEY CLUSTERED,
            ChannelID INT NOT NULL,
            Epoch INT NOT NULL,
            EntryText NVARCHAR(MAX) COLLATE DATABASE_DEFAULT NOT NULL,
            Reason NVARCHAR(MAX) COLLATE DATABASE_DEFAULT NOT NULL,
            EntryHash VARBINARY(32) NOT NULL
        );
        INSERT INTO #rejected (ChannelID, Epoch, EntryText, Reason, EntryHash)
        SELECT b.ChannelID, b.Epoch, j.EntryText, j.Reason, HASHBYTES(N'SHA2_256', j.EntryText)
        FROM OPENJSON(@Rejected) WITH (
            Batch INT '$.Batch',
            EntryText NVARCHAR(MAX) '$.EntryText',
            Reason NVARCHAR(MAX) '$.Reason'
        ) AS j
        JOIN #batches AS b ON b.Batch = j.Batch
        WHERE b.IsFresh = 1;
        INSERT INTO iot.RejectedEntries (ChannelID, EntryHash, Epoch, EntryText, Reason)
        OUTPUT inserted.ChannelID INTO #refused (ChannelID)
        SELECT t.ChannelID, t.EntryHash, t.Epoch, t.EntryText, t.Reason
        FROM (
            SELECT MIN(s.Number) AS Number FROM #rejected AS s GROUP BY s.ChannelID, s.EntryHash
        ) AS h
        JOIN #rejected AS t ON t.Number = h.Number
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.RejectedEntries AS r WITH (FORCESEEK)
                WHERE r.ChannelID = t.ChannelID AND r.EntryHash = t.EntryHash
            )
        OPTION (LOOP JOIN);
    END;
    RETURN 0;
END;
