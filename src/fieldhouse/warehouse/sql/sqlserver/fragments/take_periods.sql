-- #taken: periods by number, each with its end; the last week that there is ends with time itself.
CREATE TABLE #taken (
    Period BIGINT NOT NULL,
    ChannelID INT NOT NULL,
    PeriodStart DATETIME2(6) NOT NULL,
    PeriodEnd DATETIME2(6) NOT NULL
);
