-- usp_ForgetQuery(query_name): a query is no longer kept.
CREATE OR ALTER PROCEDURE iot.usp_ForgetQuery @QueryName NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE q
        FROM iot.SavedQueries AS q
        WHERE q.QueryName = @QueryName;
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_ForgetQuery', LEFT(@QueryName, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
