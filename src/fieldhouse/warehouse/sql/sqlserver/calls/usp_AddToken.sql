-- usp_AddToken(token_id, token_name, token_hash, scopes, created_at, expires_at): a token is made; its hash is
-- kept.
CREATE OR ALTER PROCEDURE iot.usp_AddToken
    @TokenID NVARCHAR(MAX),
    @TokenName NVARCHAR(MAX),
    @TokenHash NVARCHAR(MAX),
    @Scopes NVARCHAR(MAX),
    @CreatedAt DATETIME2(6),
    @ExpiresAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRANSACTION;
        INSERT INTO iot.AccessTokens (TokenID, TokenName, TokenHash, Scopes, CreatedAt, ExpiresAt)
        SELECT @TokenID, @TokenName, @TokenHash, @Scopes, @CreatedAt, @ExpiresAt
        WHERE NOT EXISTS (
                SELECT 1 FROM iot.AccessTokens AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.TokenID = @TokenID
            );
        INSERT INTO iot.AuditTrail (Action, Detail)
        VALUES (N'usp_AddToken', LEFT(CONCAT(@TokenID, N' ', @TokenName, N': ', @Scopes), 400));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
