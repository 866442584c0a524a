-- usp_ReplaceTexts: kept texts whose reason no longer holds, where an entry comes again with a value or another
-- text in that column. What the source no longer says goes to #texts as replaced; a comma that is read as a point
-- now has not been replaced. Called by usp_KeepTexts.
CREATE OR ALTER PROCEDURE iot.usp_ReplaceTexts
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #stale (
        ChannelID INT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        ColumnName NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL,
        Reason NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL,
        RawHash VARBINARY(32) NOT NULL,
        RawValue NVARCHAR(MAX) COLLATE DATABASE_DEFAULT NOT NULL,
        Offered NVARCHAR(MAX) COLLATE DATABASE_DEFAULT
    );
    SELECT
        t.ChannelID,
        t.Epoch,
        t.EntryID,
        t.ColumnName,
        t.Reason,
        CAST(HASHBYTES(N'SHA2_256', t.RawValue) AS VARBINARY(32)) AS RawHash
    INTO #said
    FROM #texts AS t
    WHERE t.Reason <> N'replaced';

    INSERT INTO #stale (ChannelID, Epoch, EntryID, ColumnName, Reason, RawHash, RawValue, Offered)
    SELECT r.ChannelID, r.Epoch, r.EntryID, r.ColumnName, r.Reason, r.RawHash, r.RawValue, o.Value
    FROM (
        SELECT DISTINCT s.ChannelID, s.Epoch, s.EntryID FROM #held AS s
    ) AS h
    JOIN iot.RawValues AS r WITH (FORCESEEK)
        ON r.ChannelID = h.ChannelID AND r.Epoch = h.Epoch AND r.EntryID = h.EntryID
    OUTER APPLY (
        SELECT TOP (1) v.Value
        FROM #offered AS s
        CROSS APPLY (VALUES
            (N'Field#', CAST(s.Field# AS NVARCHAR(MAX))), -- each field
            (N'Latitude', CAST(s.Latitude AS NVARCHAR(MAX))),
            (N'Longitude', CAST(s.Longitude AS NVARCHAR(MAX))),
            (N'Elevation', CAST(s.Elevation AS NVARCHAR(MAX))),
            (N'Status', s.Status)
        ) AS v (ColumnName, Value)
        WHERE s.ChannelID = r.ChannelID
            AND s.Epoch = r.Epoch
            AND s.EntryID = r.EntryID
            AND v.ColumnName = r.ColumnName
            AND v.Value IS NOT NULL
        ORDER BY s.Turn DESC
    ) AS o
    WHERE r.Reason <> N'replaced'
        AND (
            o.Value IS NOT NULL
            OR EXISTS (
                SELECT 1
                FROM #said AS s
                WHERE s.ChannelID = r.ChannelID
                    AND s.Epoch = r.Epoch
                    AND s.EntryID = r.EntryID
                    AND s.ColumnName = r.ColumnName
            )
        )
        AND NOT EXISTS (
            SELECT 1
            FROM #said AS s
            WHERE s.ChannelID = r.ChannelID
                AND s.Epoch = r.Epoch
                AND s.EntryID = r.EntryID
                AND s.ColumnName = r.ColumnName
                AND s.Reason = r.Reason
                AND s.RawHash = r.RawHash
        );

    DELETE r
    FROM #stale AS s
    JOIN iot.RawValues AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ChannelID = s.ChannelID
            AND r.Epoch = s.Epoch
            AND r.EntryID = s.EntryID
            AND r.ColumnName = s.ColumnName
            AND r.Reason = s.Reason
            AND r.RawHash = s.RawHash
    OPTION (LOOP JOIN);

    INSERT INTO #texts (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason)
    SELECT t.ChannelID, t.Epoch, t.EntryID, t.ColumnName, t.RawValue, N'replaced'
    FROM (
        SELECT
            s.*,
            CASE
                WHEN EXISTS (
                    SELECT 1
                    FROM #said AS a
                    WHERE a.ChannelID = s.ChannelID
                        AND a.Epoch = s.Epoch
                        AND a.EntryID = s.EntryID
                        AND a.ColumnName = s.ColumnName
                        AND a.RawHash = s.RawHash
                ) THEN 0
                WHEN EXISTS (
                    SELECT 1
                    FROM #said AS a
                    WHERE a.ChannelID = s.ChannelID
                        AND a.Epoch = s.Epoch
                        AND a.EntryID = s.EntryID
                        AND a.ColumnName = s.ColumnName
                ) THEN 1
                -- DECIMAL takes no exponent, FLOAT not every digit
                WHEN TRY_CAST(REPLACE(LEFT(s.RawValue, 60), N',', N'.') AS DECIMAL(18, 6)) = TRY_CAST(
                    LEFT(s.Offered, 60) AS DECIMAL(18, 6)
                ) THEN 0
                WHEN TRY_CAST(
                    TRY_CAST(REPLACE(LEFT(s.RawValue, 60), N',', N'.') AS FLOAT) AS DECIMAL(18, 6)
                ) = TRY_CAST(LEFT(s.Offered, 60) AS DECIMAL(18, 6)) THEN 0
                ELSE 1
            END AS IsReplaced
        FROM #stale AS s
    ) AS t
    WHERE t.IsReplaced = 1;
    RETURN 0;
END;
