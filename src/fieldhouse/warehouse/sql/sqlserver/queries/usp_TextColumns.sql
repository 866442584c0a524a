-- usp_TextColumns(channel_id, start_at, end_at, original): the columns that `reading_texts` has texts for.
CREATE OR ALTER PROCEDURE iot.usp_TextColumns
    @ChannelID INT = NULL,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Original BIT = 0
AS
BEGIN
    SET NOCOUNT ON;
    SELECT DISTINCT v.ColumnName
    FROM iot.RawValues AS v
    JOIN iot.AllReadings AS r ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
    LEFT JOIN iot.CorrectedReadings AS c
        ON c.ReadingID = r.ReadingID AND c.ChannelID = @ChannelID AND @Original = 0
    WHERE v.Reason <> N'replaced'
        AND (
            @ChannelID IS NULL
            OR (
                v.ChannelID = @ChannelID
                AND r.Superseded = 0
                AND r.WithdrawnAt IS NULL
                AND (r.CorrectedAt IS NULL OR @Original = 1 OR CHARINDEX(v.ColumnName, c.ChangedFields) = 0)
            )
        )
        AND (@StartAt IS NULL OR COALESCE(c.CreatedAt, r.CreatedAt) >= @StartAt)
        AND (@EndAt IS NULL OR COALESCE(c.CreatedAt, r.CreatedAt) < @EndAt)
    ORDER BY v.ColumnName
    OPTION (RECOMPILE);
    RETURN 0;
END;
