-- usp_CountedEntry(channel_id, entry_id, field_number, has_status): where the reading stands that has the highest id of
-- the newest life, of those that count: of all, or those of one id, with a value or a text in a field, with a status.
CREATE OR ALTER PROCEDURE iot.usp_CountedEntry
    @ChannelID INT,
    @EntryID BIGINT = NULL,
    @FieldNumber INT = NULL,
    @HasStatus BIT = 0
AS
BEGIN
    SET NOCOUNT ON;
    SELECT TOP (1) f.Epoch, f.EntryID, f.CreatedAt
    FROM (
        SELECT v.Epoch, v.EntryID, v.CreatedAt
        FROM (
            SELECT TOP (1) r.Epoch, r.EntryID, r.CreatedAt
            FROM iot.CountedReadings AS r
            WHERE r.ChannelID = @ChannelID
                AND (@EntryID IS NULL OR r.EntryID = @EntryID)
                AND (@HasStatus = 0 OR r.Status IS NOT NULL)
                AND (
                    @FieldNumber IS NULL
                    OR CASE @FieldNumber
                        -- each field
                        WHEN # THEN r.Field#
                        -- end
                    END IS NOT NULL
                )
            ORDER BY r.Epoch DESC, r.EntryID DESC
        ) AS v
        UNION ALL
        SELECT t.Epoch, t.EntryID, t.CreatedAt
        FROM (
            SELECT TOP (1) r.Epoch, r.EntryID, r.CreatedAt
            FROM iot.RawValues AS x
            JOIN iot.CountedReadings AS r
                ON r.ChannelID = x.ChannelID AND r.Epoch = x.Epoch AND r.EntryID = x.EntryID
            LEFT JOIN iot.CorrectedReadings AS c ON c.ReadingID = r.ReadingID
            WHERE x.ChannelID = @ChannelID
                AND x.Reason <> N'replaced'
                AND x.ColumnName = N'Field' + CAST(@FieldNumber AS NVARCHAR(10))
                AND (@EntryID IS NULL OR x.EntryID = @EntryID)
                AND (@HasStatus = 0 OR r.Status IS NOT NULL)
                AND (c.ChangedFields IS NULL OR CHARINDEX(x.ColumnName, c.ChangedFields) = 0)
            ORDER BY r.Epoch DESC, r.EntryID DESC
        ) AS t
    ) AS f
    ORDER BY f.Epoch DESC, f.EntryID DESC
    OPTION (RECOMPILE);
    RETURN 0;
END;
