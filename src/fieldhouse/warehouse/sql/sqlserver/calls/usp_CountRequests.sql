-- usp_CountRequests(day, requests): add to the day's requests; the day's total.
CREATE OR ALTER PROCEDURE iot.usp_CountRequests @Day DATE, @Requests BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRANSACTION;
    DECLARE @granted INT, @resource NVARCHAR(255) = N'iot.requests';
    EXEC @granted = sp_getapplock
        @Resource = @resource,
        @LockMode = N'Exclusive',
        @LockOwner = N'Transaction',
        @LockTimeout = 120000;
    IF @granted < 0
        THROW 51004, N'the count of requests is held by another session', 1;
    UPDATE iot.RequestBudget
    SET Requests = Requests + @Requests
    WHERE Day = @Day;
    IF @@ROWCOUNT = 0
        INSERT INTO iot.RequestBudget (Day, Requests)
        VALUES (@Day, @Requests);
    COMMIT TRANSACTION;
    SELECT b.Requests FROM iot.RequestBudget AS b WHERE b.Day = @Day;
    RETURN 0;
END;
