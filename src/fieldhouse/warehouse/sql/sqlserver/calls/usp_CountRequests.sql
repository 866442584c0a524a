-- usp_CountRequests(day, requests): add to the day's requests; the day's total.
CREATE OR ALTER PROCEDURE iot.usp_CountRequests @Day DATE, @Requests BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.requests', @Mode = N'Exclusive';
        UPDATE iot.RequestBudget
        SET Requests = Requests + @Requests
        WHERE Day = @Day;
        IF @@ROWCOUNT = 0
            INSERT INTO iot.RequestBudget (Day, Requests)
            VALUES (@Day, @Requests);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT b.Requests FROM iot.RequestBudget AS b WHERE b.Day = @Day;
    RETURN 0;
END;
