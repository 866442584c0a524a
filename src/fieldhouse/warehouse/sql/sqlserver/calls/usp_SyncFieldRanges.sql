-- usp_SyncFieldRanges(channel_ids, field_numbers, minima, maxima): the configured ranges of all channels, and
-- no others; the lists' places belong together.
CREATE OR ALTER PROCEDURE iot.usp_SyncFieldRanges
    @ChannelIDs NVARCHAR(MAX),
    @FieldNumbers NVARCHAR(MAX),
    @Minima NVARCHAR(MAX),
    @Maxima NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SELECT
        CAST(c.value AS INT) AS ChannelID,
        CAST(f.value AS INT) AS FieldNumber,
        CAST(l.value AS DECIMAL(18, 6)) AS MinValue,
        CAST(h.value AS DECIMAL(18, 6)) AS MaxValue
    INTO #ranges
    FROM OPENJSON(@ChannelIDs) AS c
    JOIN OPENJSON(@FieldNumbers) AS f ON f.[key] = c.[key]
    JOIN OPENJSON(@Minima) AS l ON l.[key] = c.[key]
    JOIN OPENJSON(@Maxima) AS h ON h.[key] = c.[key];
    CREATE TABLE #changed (
        ChannelID INT NOT NULL
    );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.ranges', @Mode = N'Exclusive';
        -- what stays as it is is not written again: every run syncs, and the audit trail tells of changes
        DELETE f
        OUTPUT deleted.ChannelID INTO #changed (ChannelID)
        FROM iot.FieldRanges AS f
        WHERE NOT EXISTS (
                SELECT 1
                FROM #ranges AS r
                WHERE r.ChannelID = f.ChannelID
                    AND r.FieldNumber = f.FieldNumber
                    AND (r.MinValue = f.MinValue OR (r.MinValue IS NULL AND f.MinValue IS NULL))
                    AND (r.MaxValue = f.MaxValue OR (r.MaxValue IS NULL AND f.MaxValue IS NULL))
            );
        INSERT INTO iot.FieldRanges (ChannelID, FieldNumber, MinValue, MaxValue)
        OUTPUT inserted.ChannelID INTO #changed (ChannelID)
        SELECT r.ChannelID, r.FieldNumber, r.MinValue, r.MaxValue
        FROM #ranges AS r
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.FieldRanges AS f
                WHERE f.ChannelID = r.ChannelID AND f.FieldNumber = r.FieldNumber
            );
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        SELECT DISTINCT N'usp_SyncFieldRanges', c.ChannelID, NULL FROM #changed AS c;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
