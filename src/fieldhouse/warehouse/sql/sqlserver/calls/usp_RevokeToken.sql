-- usp_RevokeToken(token_id, revoked_at): a token is no longer taken; how many that were.
CREATE OR ALTER PROCEDURE iot.usp_RevokeToken @TokenID NVARCHAR(MAX), @RevokedAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        UPDATE iot.AccessTokens
        SET RevokedAt = @RevokedAt
        WHERE TokenID = @TokenID AND RevokedAt IS NULL;
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_RevokeToken', LEFT(@TokenID, 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT COUNT_BIG(*) AS Tokens
    FROM iot.AccessTokens AS t
    WHERE t.TokenID = @TokenID AND t.RevokedAt = @RevokedAt;
    RETURN 0;
END;
