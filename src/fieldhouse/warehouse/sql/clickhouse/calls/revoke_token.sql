-- revoke_token(token_id, revoked_at): a token is no longer taken; how many that were.
INSERT INTO iot.Tokens (TokenID, TokenName, TokenHash, Scopes, CreatedAt, ExpiresAt, RevokedAt)
SELECT t.TokenID, t.TokenName, t.TokenHash, t.Scopes, t.CreatedAt, t.ExpiresAt, {revoked_at:DateTime64(6, 'UTC')}
FROM iot.Tokens AS t FINAL
WHERE t.TokenID = {token_id:String} AND t.RevokedAt IS NULL;

SELECT toInt64(count()) AS Tokens
FROM iot.AccessTokens AS t
WHERE t.TokenID = {token_id:String} AND t.RevokedAt = {revoked_at:DateTime64(6, 'UTC')};
