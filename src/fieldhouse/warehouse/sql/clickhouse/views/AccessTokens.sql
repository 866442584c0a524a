-- Who may come in by the network: names and hashes.
CREATE OR REPLACE VIEW iot.AccessTokens AS
SELECT
    t.TokenID AS TokenID, t.TokenName AS TokenName, t.TokenHash AS TokenHash, t.Scopes AS Scopes,
    t.CreatedAt AS CreatedAt, t.ExpiresAt AS ExpiresAt, t.RevokedAt AS RevokedAt
FROM iot.Tokens AS t FINAL;
