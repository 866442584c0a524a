-- usp_SaveQuery(query_name, query_text, saved_by, saved_at): keep a query under a name, in place of one that has it.
CREATE OR ALTER PROCEDURE iot.usp_SaveQuery
    @QueryName NVARCHAR(MAX),
    @QueryText NVARCHAR(MAX),
    @SavedBy NVARCHAR(MAX),
    @SavedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE q
        FROM iot.SavedQueries AS q WITH (UPDLOCK, HOLDLOCK)
        WHERE q.QueryName = @QueryName;
        INSERT INTO iot.SavedQueries (QueryName, QueryText, SavedBy, SavedAt)
        VALUES (@QueryName, @QueryText, @SavedBy, @SavedAt);
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_SaveQuery', LEFT(@QueryName, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
