-- add_token(token_id, token_name, token_hash, scopes, created_at, expires_at): a token is made; its hash is kept.
INSERT INTO iot.AccessTokens (TokenID, TokenName, TokenHash, Scopes, CreatedAt, ExpiresAt)
VALUES ($token_id, $token_name, $token_hash, $scopes, $created_at, $expires_at)
ON CONFLICT DO NOTHING;
