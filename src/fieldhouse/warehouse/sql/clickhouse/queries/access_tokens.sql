-- access_tokens(): the tokens that were made, revoked ones too, as hashes.
SELECT t.TokenID, t.TokenName, t.TokenHash, t.Scopes, t.CreatedAt, t.ExpiresAt, t.RevokedAt
FROM iot.AccessTokens AS t
ORDER BY t.CreatedAt, t.TokenID;
