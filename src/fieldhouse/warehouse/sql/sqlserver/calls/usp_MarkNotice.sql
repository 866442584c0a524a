-- usp_MarkNotice(notice_id, notice_kind, receiver, claimed_by, as_of, due_at, error): a message that was claimed is
-- sent, or, with an error, due again later; how many. One that was claimed by another meanwhile stays as it is.
CREATE OR ALTER PROCEDURE iot.usp_MarkNotice
    @NoticeID BIGINT,
    @NoticeKind NVARCHAR(MAX),
    @Receiver NVARCHAR(MAX),
    @ClaimedBy NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @DueAt DATETIME2(6) = NULL,
    @Error NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @notices BIGINT;

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        UPDATE n
        SET
            SentAt = CASE WHEN @Error IS NULL THEN @AsOfTime END,
            DueAt = COALESCE(@DueAt, n.DueAt),
            Error = LEFT(@Error, 400),
            ClaimedBy = NULL,
            ClaimedUntil = NULL
        FROM iot.AlertNotices AS n
        WHERE n.NoticeID = @NoticeID
            AND n.NoticeKind = @NoticeKind
            AND n.Receiver = @Receiver
            AND n.ClaimedBy = LEFT(@ClaimedBy, 200)
            AND n.SentAt IS NULL;
        SET @notices = @@ROWCOUNT;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT @notices AS Notices;
    RETURN 0;
END;
