-- usp_SyncFieldRanges(channel_id, field_numbers, minima, maxima): the configured ranges, and no others.
CREATE OR ALTER PROCEDURE iot.usp_SyncFieldRanges
    @ChannelID INT,
    @FieldNumbers NVARCHAR(MAX),
    @Minima NVARCHAR(MAX),
    @Maxima NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']');
    SELECT
        CAST(f.value AS INT) AS FieldNumber,
        CAST(l.value AS DECIMAL(18, 6)) AS MinValue,
        CAST(h.value AS DECIMAL(18, 6)) AS MaxValue
    INTO #ranges
    FROM OPENJSON(@FieldNumbers) AS f
    JOIN OPENJSON(@Minima) AS l ON l.[key] = f.[key]
    JOIN OPENJSON(@Maxima) AS h ON h.[key] = f.[key];
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'ranges', @ChannelIDs = @ids;
        -- what stays as it is is not written again: every run syncs, and the audit trail tells of changes
        DECLARE @changed INT = 0;
        DELETE f
        FROM iot.FieldRanges AS f
        WHERE f.ChannelID = @ChannelID
            AND NOT EXISTS (
                SELECT 1
                FROM #ranges AS r
                WHERE r.FieldNumber = f.FieldNumber
                    AND (r.MinValue = f.MinValue OR (r.MinValue IS NULL AND f.MinValue IS NULL))
                    AND (r.MaxValue = f.MaxValue OR (r.MaxValue IS NULL AND f.MaxValue IS NULL))
            );
        SET @changed = @@ROWCOUNT;
        INSERT INTO iot.FieldRanges (ChannelID, FieldNumber, MinValue, MaxValue)
        SELECT @ChannelID, r.FieldNumber, r.MinValue, r.MaxValue
        FROM #ranges AS r
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.FieldRanges AS f
                WHERE f.ChannelID = @ChannelID AND f.FieldNumber = r.FieldNumber
            );
        SET @changed += @@ROWCOUNT;
        IF @changed > 0
            INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
            VALUES (N'usp_SyncFieldRanges', @ChannelID, NULL);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
