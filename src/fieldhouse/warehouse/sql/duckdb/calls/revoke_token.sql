-- revoke_token(token_id, revoked_at): a token is no longer taken; how many that were.
UPDATE iot.AccessTokens SET RevokedAt = $revoked_at WHERE TokenID = $token_id AND RevokedAt IS NULL;
SELECT count(*) AS Tokens FROM iot.AccessTokens AS t WHERE t.TokenID = $token_id AND t.RevokedAt = $revoked_at;
