-- usp_CountCalls(counted_at, requests, failed): add to the requests of a minute, and to those of them that failed.
-- What is older than two days is forgotten.
CREATE OR ALTER PROCEDURE iot.usp_CountCalls @CountedAt DATETIME2(6), @Requests BIGINT, @Failed BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE a
        FROM iot.ApiCalls AS a
        WHERE a.CountedAt < DATEADD(DAY, -2, @CountedAt);
        INSERT INTO iot.ApiCalls (CountedAt, Requests, Failed)
        VALUES (@CountedAt, @Requests, @Failed);
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
