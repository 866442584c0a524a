-- Who may come in by the network, and queries that people keep.
CREATE TABLE iot.AccessTokens (
    TokenID VARCHAR NOT NULL,
    TokenName VARCHAR NOT NULL,
    TokenHash VARCHAR NOT NULL,
    Scopes VARCHAR NOT NULL,
    CreatedAt TIMESTAMP NOT NULL,
    ExpiresAt TIMESTAMP,
    RevokedAt TIMESTAMP,
    CONSTRAINT PK_AccessTokens PRIMARY KEY (TokenID)
);
CREATE TABLE iot.SavedQueries (
    QueryName VARCHAR NOT NULL,
    QueryText VARCHAR NOT NULL,
    SavedBy VARCHAR NOT NULL,
    SavedAt TIMESTAMP NOT NULL,
    CONSTRAINT PK_SavedQueries PRIMARY KEY (QueryName)
);
