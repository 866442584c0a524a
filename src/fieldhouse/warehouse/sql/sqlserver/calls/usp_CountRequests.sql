-- usp_CountRequests(day, requests, budget): add to the day's requests, but not beyond the budget; how many
-- were granted, and the day's total. No budget: all of them. A number below zero gives so many back.
CREATE OR ALTER PROCEDURE iot.usp_CountRequests @Day DATE, @Requests BIGINT, @Budget BIGINT = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @counted BIGINT, @granted BIGINT = @Requests;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.requests', @Mode = N'Exclusive';
        SET @counted = COALESCE((SELECT b.Requests FROM iot.RequestBudget AS b WHERE b.Day = @Day), 0);
        IF @granted > 0 AND @granted > @Budget - @counted
            SET @granted = CASE WHEN @Budget > @counted THEN @Budget - @counted ELSE 0 END;
        IF @granted < -@counted
            SET @granted = -@counted;
        UPDATE iot.RequestBudget
        SET Requests = @counted + @granted
        WHERE Day = @Day;
        IF @@ROWCOUNT = 0
            INSERT INTO iot.RequestBudget (Day, Requests)
            VALUES (@Day, @granted);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @counted + @granted AS Requests, @granted AS Granted;
    RETURN 0;
END;
