-- usp_KeptTexts(channel_id, reason, column_name, contains, skip, limit): the texts that are kept beside a channel's
-- numbers, with their readings; those of a reason, of a column, with a text in them. Newest entries first, after some
-- that are skipped; each with how many there are in all.
CREATE OR ALTER PROCEDURE iot.usp_KeptTexts
    @ChannelID INT,
    @Reason NVARCHAR(MAX) = NULL,
    @ColumnName NVARCHAR(MAX) = NULL,
    @Contains NVARCHAR(MAX) = NULL,
    @Skip BIGINT = 0,
    @Limit BIGINT = 100
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        f.Epoch,
        f.EntryID,
        r.CreatedAt,
        f.ColumnName,
        f.RawValue,
        f.Reason,
        f.ImportedAt,
        CAST(
            CASE f.ColumnName
                WHEN N'Field#' THEN r.Field# -- each field
                WHEN N'Latitude' THEN r.Latitude
                WHEN N'Longitude' THEN r.Longitude
                WHEN N'Elevation' THEN r.Elevation
            END AS DECIMAL(18, 6)
        ) AS Value,
        f.Texts
    FROM (
        SELECT
            v.Epoch,
            v.EntryID,
            v.ColumnName,
            v.RawValue,
            v.Reason,
            v.ImportedAt,
            COUNT_BIG(*) OVER () AS Texts
        FROM iot.RawValues AS v
        WHERE v.ChannelID = @ChannelID
            AND (@Reason IS NULL OR v.Reason = @Reason)
            AND (@ColumnName IS NULL OR v.ColumnName = @ColumnName)
            AND (@Contains IS NULL OR CHARINDEX(@Contains, v.RawValue COLLATE Latin1_General_100_BIN2) > 0)
        ORDER BY v.Epoch DESC, v.EntryID DESC, v.ColumnName, v.ImportedAt DESC, v.RawHash
        OFFSET @Skip ROWS FETCH NEXT @Limit ROWS ONLY
    ) AS f
    LEFT JOIN iot.AllReadings AS r ON r.ChannelID = @ChannelID AND r.Epoch = f.Epoch AND r.EntryID = f.EntryID
    ORDER BY f.Epoch DESC, f.EntryID DESC, f.ColumnName, f.ImportedAt DESC
    OPTION (RECOMPILE);
    RETURN 0;
END;
