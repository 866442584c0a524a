-- add_token(token_id, token_name, token_hash, scopes, created_at, expires_at): a token is made; its hash is kept.
INSERT INTO iot.Tokens (TokenID, TokenName, TokenHash, Scopes, CreatedAt, ExpiresAt)
SELECT
    {token_id:String}, {token_name:String}, {token_hash:String}, {scopes:String},
    {created_at:DateTime64(6, 'UTC')}, {expires_at:Nullable(DateTime64(6, 'UTC'))}
WHERE {token_id:String} NOT IN (SELECT t.TokenID FROM iot.Tokens AS t);
