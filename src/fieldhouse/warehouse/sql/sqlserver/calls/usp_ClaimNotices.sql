-- usp_ClaimNotices(claimed_by, as_of, claimed_until, limit): take messages that are due, so that nobody else sends
-- them until an instant. That of an end waits for that of the begin.
CREATE OR ALTER PROCEDURE iot.usp_ClaimNotices
    @ClaimedBy NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @ClaimedUntil DATETIME2(6),
    @Limit BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    CREATE TABLE #due (
        NoticeID BIGINT NOT NULL,
        NoticeKind NVARCHAR(10) COLLATE DATABASE_DEFAULT NOT NULL,
        Receiver NVARCHAR(40) COLLATE DATABASE_DEFAULT NOT NULL
    );

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        INSERT INTO #due (NoticeID, NoticeKind, Receiver)
        SELECT TOP (@Limit) w.NoticeID, w.NoticeKind, w.Receiver
        FROM iot.AlertNotices AS w
        WHERE w.SentAt IS NULL
            AND w.DueAt <= @AsOfTime
            AND (w.ClaimedUntil IS NULL OR w.ClaimedUntil <= @AsOfTime)
            AND (
                w.NoticeKind = N'opened'
                OR NOT EXISTS (
                    SELECT 1
                    FROM iot.AlertNotices AS o
                    WHERE o.NoticeID = w.NoticeID
                        AND o.Receiver = w.Receiver
                        AND o.NoticeKind = N'opened'
                        AND o.SentAt IS NULL
                )
            )
        ORDER BY w.DueAt, w.NoticeID;
        UPDATE n
        SET ClaimedBy = LEFT(@ClaimedBy, 200), ClaimedUntil = @ClaimedUntil, Attempts = n.Attempts + 1
        FROM iot.AlertNotices AS n
        JOIN #due AS d ON d.NoticeID = n.NoticeID AND d.NoticeKind = n.NoticeKind AND d.Receiver = n.Receiver;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT n.NoticeID, n.NoticeKind, n.Receiver, n.RuleName, n.MadeAt, n.Attempts
    FROM iot.AlertNotices AS n
    JOIN #due AS d ON d.NoticeID = n.NoticeID AND d.NoticeKind = n.NoticeKind AND d.Receiver = n.Receiver
    WHERE n.ClaimedBy = LEFT(@ClaimedBy, 200);
    RETURN 0;
END;
