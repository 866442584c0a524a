-- Who may come in by the network, and queries that people keep.
CREATE TABLE iot.AccessTokens (
    TokenID NVARCHAR(32) NOT NULL,
    TokenName NVARCHAR(100) NOT NULL,
    TokenHash CHAR(64) NOT NULL,
    Scopes NVARCHAR(100) NOT NULL,
    CreatedAt DATETIME2(6) NOT NULL,
    ExpiresAt DATETIME2(6),
    RevokedAt DATETIME2(6),
    CONSTRAINT PK_AccessTokens PRIMARY KEY CLUSTERED (TokenID)
);
CREATE TABLE iot.SavedQueries (
    QueryName NVARCHAR(100) NOT NULL,
    QueryText NVARCHAR(MAX) NOT NULL,
    SavedBy NVARCHAR(100) NOT NULL,
    SavedAt DATETIME2(6) NOT NULL,
    CONSTRAINT PK_SavedQueries PRIMARY KEY CLUSTERED (QueryName)
);
