-- usp_ReadingTexts(channel_id, start_at, end_at, original): the texts that are kept beside a channel's readings of a span,
-- or all channels' if it is NULL; in the order of the readings, ChannelID before it. NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_ReadingTexts
    @ChannelID INT = NULL,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Original BIT = 0
AS
BEGIN
    SET NOCOUNT ON;
    -- sorted without the texts, which are looked up afterwards
    SELECT s.ChannelID, s.CreatedAt, s.Epoch, s.EntryID, s.ColumnName, t.RawValue
    FROM (
        SELECT TOP (9223372036854775807)
            r.ChannelID,
            COALESCE(c.CreatedAt, r.CreatedAt) AS CreatedAt,
            r.Epoch,
            r.EntryID,
            v.ColumnName,
            v.Reason,
            v.RawHash
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
                    AND (
                        r.CorrectedAt IS NULL OR @Original = 1 OR CHARINDEX(v.ColumnName, c.ChangedFields) = 0
                    )
                )
            )
            AND (@StartAt IS NULL OR COALESCE(c.CreatedAt, r.CreatedAt) >= @StartAt)
            AND (@EndAt IS NULL OR COALESCE(c.CreatedAt, r.CreatedAt) < @EndAt)
        ORDER BY r.ChannelID, COALESCE(c.CreatedAt, r.CreatedAt), r.Epoch, r.EntryID
    ) AS s
    JOIN iot.RawValues AS t
        ON t.ChannelID = s.ChannelID
            AND t.Epoch = s.Epoch
            AND t.EntryID = s.EntryID
            AND t.ColumnName = s.ColumnName
            AND t.Reason = s.Reason
            AND t.RawHash = s.RawHash
    ORDER BY s.ChannelID, s.CreatedAt, s.Epoch, s.EntryID
    OPTION (RECOMPILE);
    RETURN 0;
END;
