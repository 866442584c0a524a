-- usp_AccessTokens(): the tokens that were made, revoked ones too, as hashes.
CREATE OR ALTER PROCEDURE iot.usp_AccessTokens
AS
BEGIN
    SET NOCOUNT ON;
    SELECT t.TokenID, t.TokenName, t.TokenHash, t.Scopes, t.CreatedAt, t.ExpiresAt, t.RevokedAt
    FROM iot.AccessTokens AS t
    ORDER BY t.CreatedAt, t.TokenID;
    RETURN 0;
END;
